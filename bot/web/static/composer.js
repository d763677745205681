// The reply box: canned replies by /, who writes, the sender's own count of segments, and the sign that one is writing.
"use strict";
(() => {
  const $ = (selector) => document.querySelector(selector);
  const box = () => $("#reply");
  const token = () => JSON.parse(document.body.getAttribute("hx-headers"));
  const post = (place, form) =>
    fetch(place, { method: "POST", headers: token(), body: form || new FormData(), credentials: "same-origin" });

  // Words go in where the caret stands, in place of what was typed to find them
  function insert(words, from, to) {
    const area = box();
    if (!area) return;
    area.focus();
    area.setRangeText(words, from ?? area.selectionStart, to ?? area.selectionEnd, "end");
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }
  const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

  // The list that / opens: its own field finds by shortcut and title, arrows move, Enter takes, Escape leaves
  let at = 0, offers = [], shown = [], active = 0;
  function open(position) {
    const pop = $("#slash");
    offers = [...document.querySelectorAll("#cans .can")].map((can) => ({
      ...can.dataset,
      badge: can.querySelector(".badge")?.textContent || "",
      key: fold(`${can.dataset.shortcut} ${can.dataset.title}`),
    }));
    if (!pop || !offers.length) return;
    at = position;
    document.querySelectorAll(".pop[open]").forEach((details) => { details.open = false; });
    pop.hidden = false;
    $("#slash-find").value = "";
    find();
    $("#slash-find").focus();
  }
  function close(typed) {
    const pop = $("#slash");
    if (!pop || pop.hidden) return;
    pop.hidden = true;
    if (typed === undefined) return;
    box()?.focus();
    box()?.setSelectionRange(at, at);
    if (typed) insert(typed);
  }
  function find() {
    const asked = fold($("#slash-find").value.trim());
    // Whose shortcut begins so comes before whose title holds it somewhere.
    shown = offers.filter((offer) => offer.key.includes(asked));
    shown.sort((one, other) => other.key.startsWith(asked) - one.key.startsWith(asked));
    active = 0;
    draw();
  }
  function draw() {
    const list = $("#slash-list");
    list.replaceChildren(...shown.map((offer, index) => {
      const row = document.createElement("li");
      row.id = `slash-${index}`;
      row.setAttribute("role", "option");
      row.setAttribute("aria-selected", String(index === active));
      if (offer.why) row.setAttribute("aria-disabled", "true");
      const name = document.createElement("strong");
      name.textContent = `/${offer.shortcut}`;
      const words = document.createElement("span");
      words.dir = "auto";
      words.textContent = offer.why || offer.body;
      row.append(name, ` ${offer.title}${offer.badge ? ` (${offer.badge})` : ""}`, document.createElement("br"), words);
      return row;
    }));
    $("#slash-said").textContent = shown.length ? "" : $("#slash-said").dataset.none;
    const field = $("#slash-find");
    if (shown.length) field.setAttribute("aria-activedescendant", `slash-${active}`);
    else field.removeAttribute("aria-activedescendant");
    list.children[active]?.scrollIntoView({ block: "nearest" });
  }
  function take(index) {
    const offer = shown[index];
    if (!offer) return;
    if (offer.why) { $("#slash-said").textContent = offer.why; return; }
    $("#slash").hidden = true;
    insert(offer.body, at - 1, at);
  }
  const KEYS = {
    ArrowDown: () => { active = (active + 1) % Math.max(shown.length, 1); draw(); },
    ArrowUp: () => { active = (active + Math.max(shown.length, 1) - 1) % Math.max(shown.length, 1); draw(); },
    Enter: () => take(active),
    Escape: () => close($("#slash-find").value),
    Tab: () => take(active),
  };
  // Before the console's own keys hear of it: there, Escape would leave the field and lose the place.
  document.addEventListener("keydown", (event) => {
    if (event.target.id === "slash-find") {
      const act = event.key === "Tab" && event.shiftKey ? KEYS.Escape : KEYS[event.key];
      event.stopPropagation();
      if (act) { event.preventDefault(); act(); }
    } else if (event.key === "Escape") {
      const menu = event.target.closest?.(".pop[open]");
      if (menu) { menu.open = false; menu.querySelector("summary").focus(); event.stopPropagation(); }
    }
  }, true);
  document.addEventListener("focusout", (event) => {
    if (event.target.id === "slash-find" && event.relatedTarget) close();
  });
  document.addEventListener("pointerdown", (event) => {
    const row = event.target.closest?.("#slash-list li");
    if (row) { event.preventDefault(); take([...row.parentElement.children].indexOf(row)); return; }
    if (!event.target.closest?.("#slash")) close();
    for (const menu of document.querySelectorAll(".pop[open]")) if (!menu.contains(event.target)) menu.open = false;
  });

  // Without scripts these are links to a page with the words in the box; with them nothing else is lost
  document.addEventListener("click", (event) => {
    const can = event.target.closest?.("a.can");
    if (can) {
      event.preventDefault();
      can.closest("details").open = false;
      insert(can.dataset.body);
    }
    const words = event.target.closest?.("[data-inserts]")?.dataset.inserts;
    if (words) insert(box().value && box().selectionStart ? ` ${words} ` : `${words} `);
  });
  document.addEventListener("submit", () => close(), true);

  // The count of the sender itself, once the fingers rest
  let counting = 0;
  function countSoon() {
    clearTimeout(counting);
    const out = $("#segments"), words = box()?.value;
    if (!out || !words?.trim()) return;
    counting = setTimeout(async () => {
      const form = new FormData();
      form.set("body", words);
      const answer = await post(out.dataset.counts, form).catch(() => null);
      if (answer?.ok && box()?.value === words) out.textContent = await answer.text();
    }, 900);
  }
  let told = 0;
  function writing() {
    const place = $("#typing")?.dataset.tells;
    if (!place || Date.now() - told < 8000) return;
    told = Date.now();
    post(place).catch(() => {});
  }
  document.addEventListener("input", (event) => {
    if (event.target.id === "slash-find") { find(); return; }
    if (event.target.id !== "reply" && event.target.id !== "note") return;
    if (event.isTrusted) writing();
    if (event.target.id === "note") return;
    countSoon();
    const caret = event.target.selectionStart;
    const before = event.target.value.slice(0, caret);
    if (event.isTrusted && event.data === "/" && /(^|\s)\/$/.test(before)) open(caret);
  });
  function ready() {
    const button = $("#introduce");
    if (button) button.hidden = false;
  }
  document.addEventListener("htmx:afterSwap", (event) => { if (event.detail.target?.id === "pane") { told = 0; ready(); } });
  document.addEventListener("htmx:oobAfterSwap", ready);
  ready();
})();
