// A form that was sent is not sent again while its answer is on the way. The
// button stays enabled, so that what it is named by is sent with the form.
const sent = new Map(); // form to what gives it back

document.addEventListener("submit", event => {
  const form = event.target, button = event.submitter;
  const method = button?.getAttribute("formmethod") ?? form.getAttribute("method");
  if (event.defaultPrevented || method !== "post") return;
  if (sent.has(form)) {
    event.preventDefault();
    return;
  }
  // The answer may be a page that never comes: then it can be tried again.
  const patience = setTimeout(() => giveBack(form), 20000);
  const inside = button ? [...button.childNodes] : [];
  sent.set(form, () => {
    clearTimeout(patience);
    button?.removeAttribute("aria-disabled");
    button?.replaceChildren(...inside);
  });
  button?.setAttribute("aria-disabled", "true");
  if (button?.matches(".button")) button.replaceChildren(words.working);
  say(words.working);
});

function giveBack(form) {
  sent.get(form)?.();
  sent.delete(form);
}

// The back button may bring the page as it was left.
window.addEventListener("pageshow", event => {
  if (!event.persisted) return;
  for (const form of [...sent.keys()]) giveBack(form);
  region.textContent = "";
});
