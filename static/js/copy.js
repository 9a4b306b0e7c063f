// What people carry elsewhere is copied with one press. The button is put beside
// it here, because without script it could do nothing.
const copier = document.getElementById("copier");

function dress(root) {
  if (!navigator.clipboard) return; // plain http, on another host than this
  for (const one of root.querySelectorAll("[data-copy]")) {
    const button = copier.content.firstElementChild.cloneNode(true);
    button.title = button.ariaLabel = one.dataset.copy;
    const end = one.matches(".keep") ? one : one.lastElementChild;
    if (end?.matches(".keep")) end.append(button); // no line begins with the button alone
    else one.after(button);
  }
}

document.addEventListener("click", async event => {
  const button = event.target.closest(".copier");
  if (!button) return;
  const one = button.closest("[data-copy]") ?? button.previousElementSibling;
  const text = one.cloneNode(true);
  text.querySelector(".copier")?.remove();
  try {
    await navigator.clipboard.writeText(text.textContent.trim());
  } catch {
    getSelection().selectAllChildren(one); // the keyboard copies it
    return;
  }
  say(words.copied);
  const done = button.querySelector(".copier__done");
  done.hidden = false;
  setTimeout(() => { done.hidden = true; }, 2000);
});

dress(document);
// What comes in is dressed before it is compared with what is there.
document.addEventListener("htmx:before:swap", event => {
  for (const task of event.detail.tasks) dress(task.fragment);
});
