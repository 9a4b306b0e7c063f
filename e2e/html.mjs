// Reads [{name, html}] and writes what html-validate finds wrong: [{name, problems}].
import { HtmlValidate, StaticConfigLoader } from "html-validate";
import { text } from "node:stream/consumers";

const validator = new HtmlValidate(new StaticConfigLoader({
	extends: ["html-validate:recommended"],
	rules: {
		"doctype-style": "off", // templ writes <!DOCTYPE html>
		"long-title": "off", // for search engines, which see none of these pages; names are as long as they are
		"meta-refresh": "off", // in <noscript>, beside the link that stops it (WCAG 2.2.1)
		"form-dup-name": ["error", { shared: ["radio", "checkbox", "button", "reset", "submit"] }],
	},
}));

const wrong = [];
for (const { name, html } of JSON.parse(await text(process.stdin))) {
	const report = await validator.validateString(html, name);
	const problems = report.results.flatMap(r => r.messages).map(m => `${m.ruleId}: ${m.message} (${m.selector ?? m.line})`);
	if (problems.length > 0) wrong.push({ name, problems });
}
console.log(JSON.stringify(wrong));
