// Word from the browser that something urgent waits, for those who have asked for it. It names nobody.
"use strict";
(() => {
  const wanted = () => localStorage.getItem("notify") === "on";
  const may = () => "Notification" in window && Notification.permission === "granted";

  const box = document.querySelector("#notify");
  if (box) {
    const state = document.querySelector("#notify-state");
    const show = () => {
      box.checked = wanted() && may();
      const refused = "Notification" in window ? Notification.permission === "denied" : true;
      box.disabled = refused;
      state.textContent = refused ? state.dataset.refused : "";
    };
    box.addEventListener("change", async () => {
      if (box.checked && !may()) await Notification.requestPermission();
      localStorage.setItem("notify", box.checked && may() ? "on" : "off");
      show();
    });
    show();
  }

  const urgent = () => new Set([...document.querySelectorAll("#list .item.urgent, #list .item.emergency")].map((row) => row.dataset.id));
  const alarms = () => Number(document.querySelector("#alarm .alarm")?.dataset.count || 0);
  let known = urgent(), alarmed = null;
  const words = document.body.dataset.notify;
  function look() {
    const here = urgent(), count = alarms();
    const fresh = [...here].some((id) => !known.has(id)) || (alarmed !== null && count > alarmed);
    known = new Set([...known, ...here]);
    alarmed = count;
    if (fresh && words && document.hidden && wanted() && may()) new Notification(words, { tag: "urgent" });
  }
  // One answer changes the list and the alarm one after the other: both are one piece of news.
  let soon = null;
  document.addEventListener("htmx:oobAfterSwap", () => {
    clearTimeout(soon);
    soon = setTimeout(look, 50);
  });
  if (document.querySelector("#list")) alarmed = alarms();
})();
