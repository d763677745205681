// The inbox beyond plain forms: rows stay selected while the list is drawn anew, and keys act on several of them.
"use strict";
(() => {
  const $ = (selector) => document.querySelector(selector);
  const boxes = () => [...document.querySelectorAll("#list .pick input")];
  const form = $("#bulk");

  // What is selected, each with the patient's last word as the list had it when it was selected
  const chosen = new Map();
  const idOf = (box) => box.value.split("~")[0];
  function show() {
    if (!form) return;
    const all = $("#pick-all"), count = $("#picked");
    form.hidden = chosen.size === 0;
    all.closest("label").hidden = false;
    all.checked = chosen.size > 0 && boxes().every((box) => box.checked);
    all.indeterminate = chosen.size > 0 && !all.checked;
    count.textContent = count.dataset.words.replace("{n}", chosen.size);
  }
  function restore() {
    for (const box of boxes()) {
      const seen = chosen.get(idOf(box));
      box.checked = seen !== undefined;
      if (seen !== undefined) box.value = seen;
    }
    // What has left the list is not acted upon unseen.
    const there = new Set(boxes().map(idOf));
    for (const id of [...chosen.keys()]) if (!there.has(id)) chosen.delete(id);
    show();
  }
  function choose(box, on) {
    box.checked = on;
    if (on) chosen.set(idOf(box), box.value); else chosen.delete(idOf(box));
  }
  document.addEventListener("change", (event) => {
    if (event.target.id === "pick-all") boxes().forEach((box) => choose(box, event.target.checked));
    else if (event.target.matches("#list .pick input")) choose(event.target, event.target.checked);
    else return;
    show();
  });
  function clear() {
    boxes().forEach((box) => choose(box, false));
    chosen.clear();
    show();
  }
  document.addEventListener("htmx:oobAfterSwap", (event) => { if (event.target?.id === "list" || event.detail?.target?.id === "list") restore(); });
  document.addEventListener("htmx:afterSwap", (event) => {
    const target = event.detail.target;
    if (target?.id === "bulk-slot") {
      if ($("#bulk-slot .results")) clear();
      $("#bulk-yes")?.focus();
    }
    if (target?.id === "pane") next();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("#bulk-no")) {
      event.preventDefault();
      $("#bulk-slot").replaceChildren();
      $("#list .pick input:checked")?.focus();
    }
  });

  // Resolve and next: whoever stands below the open one is opened once it is resolved
  const links = () => [...document.querySelectorAll("#list .item a[id]")];
  let following = null;
  function resolveAndNext() {
    const button = $('#case [data-key="e"]');
    if (!button) return;
    const at = links().findIndex((link) => link.hasAttribute("aria-current"));
    following = links().slice(at + 1).concat(links().slice(0, Math.max(at, 0))).map((link) => link.id);
    button.click();
  }
  function next() {
    if (!following) return;
    const wanted = following;
    following = null;
    if ($("#pane .error")) return;
    const link = wanted.map((id) => document.getElementById(id)).find(Boolean);
    if (link) setTimeout(() => link.click()); else $("#undo-last")?.focus();
  }

  document.addEventListener("console:key", ({ detail: key }) => {
    if (key === "x") {
      const item = document.activeElement?.closest?.("#list .item") || $("#list .item:has(a[aria-current])");
      const box = item?.querySelector(".pick input");
      if (box) { choose(box, !box.checked); show(); }
    }
    if (key === "E") resolveAndNext();
    if (key === "u") (document.querySelector('#undo [data-key="u"]') || document.querySelector('#bulk-slot [data-key="u"]'))?.click();
  });

  // A message that search has found
  const found = location.hash.startsWith("#m-") && document.getElementById(location.hash.slice(1));
  if (found) addEventListener("load", () => found.scrollIntoView({ block: "center" }));

  boxes().filter((box) => box.checked).forEach((box) => choose(box, true));
  show();
})();
