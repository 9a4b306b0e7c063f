// htmx takes no code out of a page: neither attributes that are evaluated nor
// <script> in an answer. (The Content-Security-Policy would refuse both.) What
// the reader has unfolded stays so.
function refuse() { throw new Error("no code in pages"); }

htmx.registerExtension("portal", {
  init: api => api.initSecurity({createHTML: html => html, createScript: () => ""}, refuse, refuse),
  htmx_before_morph_attr: (element, {attrName}) => attrName !== "open",
});

// The stylesheet knows that script runs.
document.documentElement.dataset.script = "on";

// elsewhere follows an answer that leads to another page: mostly to the sign-in
// page, which leads back.
function elsewhere(answer) {
  if (answer.redirected) location.replace(answer.url);
  return answer.redirected;
}

// usable says whether an answer is the page that was asked for, perhaps with what
// is wrong with what was entered.
function usable(answer) { return answer.ok || answer.status === 422; }
