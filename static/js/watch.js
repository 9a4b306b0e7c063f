// A page on which something is happening asks for itself again, until that is
// over or its reader has stopped it (then it has no pace).
const main = document.getElementById("main");
let failures = 0;

function watch() {
  const pace = Number(main.dataset.refresh);
  if (pace) setTimeout(look, 1000 * Math.min(pace * 2 ** failures, Math.max(pace, 60)));
}

async function look() {
  if (!main.dataset.refresh) return;
  const before = main.dataset.say;
  try {
    const answer = await fetch(location.href, {mode: "same-origin", signal: AbortSignal.timeout(15000)});
    if (elsewhere(answer)) return;
    if (answer.status < 500 && !answer.ok) {
      location.reload(); // it says what is the matter
      return;
    }
    if (!answer.ok) throw new Error(answer.statusText);
    const text = await answer.text();
    // While a form is on its way its answer is the next page.
    if (!sent.size) await htmx.swap({text, sourceElement: main, target: main, select: "#main", swap: "outerMorph"});
    failures = 0;
    if (main.dataset.say && main.dataset.say !== before) say(main.dataset.say);
  } catch {
    const note = main.querySelector("[data-lost]");
    if (note) note.hidden = false;
    if (++failures === 1 && note) say(note.textContent);
  }
  watch();
}

watch();
