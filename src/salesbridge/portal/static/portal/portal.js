// Comfort only: every page works without this file, but for live progress.
"use strict";

document.documentElement.classList.remove("no-script");

document.addEventListener("click", (event) => {
  // <a href="/the/page/with/the/form/" data-dialog="id"> opens the dialog in place instead of the page
  const opener = event.target.closest("[data-dialog]");
  const dialog = opener && document.getElementById(opener.dataset.dialog);
  if (dialog && dialog.showModal) {
    event.preventDefault();
    dialog.showModal();
    return;
  }
  const closer = event.target.closest("[data-close]");
  if (closer) {
    closer.closest("dialog")?.close();
    return;
  }
  const copier = event.target.closest("[data-copy]");
  if (copier) {
    const source = document.getElementById(copier.dataset.copy);
    navigator.clipboard?.writeText(source.value ?? source.textContent).then(() => {
      copier.dataset.label ??= copier.textContent;
      copier.textContent = "Copied";
      setTimeout(() => { copier.textContent = copier.dataset.label; }, 1600);
    });
  }
});

// <select data-submits> sends its form when it changes; without script the form's own button does
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submits]")) event.target.form.requestSubmit();
});

// typed confirmation: <button data-typed="input id" data-word="MIGRATE"> waits for the word
for (const button of document.querySelectorAll("[data-typed]")) {
  const input = document.getElementById(button.dataset.typed);
  const look = () => { button.disabled = input.value.trim() !== button.dataset.word; };
  input.addEventListener("input", look);
  look();
}

for (const dialog of document.querySelectorAll("dialog[data-open]")) dialog.showModal?.();
