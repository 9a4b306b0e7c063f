// Lists are filtered, sorted and paged in place: the same address as without
// script, and so the same way back (views.inPlace has the attribute).
const inPlace = ctx => ctx.sourceElement?.closest?.("[data-hx-boost]");

document.addEventListener("htmx:before:response", event => {
  const {ctx} = event.detail, answer = ctx.response.raw;
  if (!inPlace(ctx)) return;
  if (elsewhere(answer)) event.preventDefault();
  else if (!usable(answer)) {
    event.preventDefault();
    location.assign(ctx.request.action); // the page that says why
  }
});

document.addEventListener("htmx:error", event => {
  const {ctx} = event.detail;
  if (ctx && inPlace(ctx)) location.assign(ctx.request.action);
});

let paging;
document.addEventListener("htmx:before:swap", event => {
  paging = event.detail.ctx.sourceElement?.closest?.(".pager");
});

document.addEventListener("htmx:after:swap", event => {
  const {ctx} = event.detail;
  if (ctx.target !== main || !ctx.request) return;
  // What was chosen before the list came is what the list came for.
  for (const field of main.querySelectorAll(".filters input, .filters select")) {
    if (field === document.activeElement) continue;
    if (field.options) for (const option of field.options) option.selected = option.defaultSelected;
    else field.value = field.defaultValue;
  }
  if (paging || document.activeElement === document.body) main.focus({preventScroll: !paging});
  if (main.dataset.say) say(main.dataset.say);
});
