// Reads {chromium, runs, categories, pages: [{name, url, cookie}]} and writes what
// Lighthouse makes of each page as on a phone:
// [{name, runs: [{accessibility: 1, …}], metrics: [{…}], short: ["audit: …"]}].
// One browser serves all pages, and is killed with this program.
import lighthouse from "lighthouse";
import { launch } from "chrome-launcher";
import { text } from "node:stream/consumers";

const { chromium, runs, categories, pages } = JSON.parse(await text(process.stdin));
const chrome = await launch({
	chromePath: chromium,
	chromeFlags: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-component-update"],
	logLevel: "silent",
});
const answers = [];
try {
	for (const { name, url, cookie } of pages) {
		const answer = { name, runs: [], metrics: [], short: [] };
		for (let n = 0; n < runs; n++) {
			const { lhr } = await lighthouse(url, {
				port: chrome.port,
				logLevel: "silent",
				onlyCategories: categories,
				extraHeaders: { Cookie: cookie, "Accept-Language": "zh-Hans" },
			});
			if (lhr.runtimeError) throw new Error(`${name}: ${lhr.runtimeError.message}`);
			if (lhr.finalDisplayedUrl !== url) throw new Error(`${name} led to ${lhr.finalDisplayedUrl}`);
			answer.runs.push(Object.fromEntries(Object.values(lhr.categories).map(c => [c.id, c.score])));
			answer.metrics.push(Object.fromEntries(
				["first-contentful-paint", "largest-contentful-paint", "total-blocking-time", "cumulative-layout-shift", "speed-index", "total-byte-weight"]
					.filter(id => lhr.audits[id]).map(id => [id, lhr.audits[id].numericValue])));
			answer.short.push(...Object.values(lhr.categories).flatMap(c => c.auditRefs)
				.filter(r => r.weight > 0).map(r => lhr.audits[r.id])
				.filter(a => a.score !== null && a.score < 1)
				.map(a => `${a.id}: ${a.title} ${JSON.stringify(a.details?.items ?? [])}`.slice(0, 1000)));
		}
		answers.push(answer);
	}
} finally {
	chrome.kill();
}
console.log(JSON.stringify(answers));
