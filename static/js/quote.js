// The sum follows each choice (views.asYouChoose has the attributes). Where that
// fails, the words and the button are there that lead on without script.
const asks = element => element?.matches?.("form.quote");

document.addEventListener("htmx:before:request", event => {
  if (asks(event.target)) event.target.classList.remove("quote--failed");
});

document.addEventListener("htmx:before:response", event => {
  const {ctx} = event.detail;
  if (!asks(ctx.sourceElement)) return;
  const answer = ctx.response.raw;
  if (elsewhere(answer)) event.preventDefault();
  else if (!usable(answer)) {
    event.preventDefault();
    failed(ctx.sourceElement);
  }
});

document.addEventListener("htmx:error", event => {
  if (asks(event.target)) failed(event.target);
});

function failed(form) {
  form.classList.add("quote--failed");
  say(form.querySelector(".stale").textContent);
}

document.addEventListener("htmx:after:swap", event => {
  if (asks(event.target)) say(event.target.dataset.say);
});
