// What has been begun to write outlives a look at another conversation and a time-out. It is kept in this tab, sealed
// with a key that the server gives only to the same person.
"use strict";
(() => {
  if (!document.body.dataset.drafts || !globalThis.crypto?.subtle) return;
  const raw = Uint8Array.from(atob(document.body.dataset.drafts), (c) => c.charCodeAt(0));
  const key = crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]);
  const BOXES = ["reply", "note"];
  const opened = () => document.querySelector('#where [name="c"]')?.value;
  const place = (box, talk) => `draft.${talk}.${box}`;
  const bound = (where) => new TextEncoder().encode(where);

  async function keep(box, talk) {
    const where = place(box.id, talk);
    const words = { body: box.value, seen: document.getElementById("seen")?.value };
    if (!words.body) { sessionStorage.removeItem(where); return; }
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const plain = new TextEncoder().encode(JSON.stringify(words));
    const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: bound(where) }, await key, plain);
    // Sent or rubbed out in the meantime: the later word counts.
    if (box.value !== words.body || !box.isConnected) return;
    sessionStorage.setItem(where, btoa(String.fromCharCode(...iv, ...new Uint8Array(sealed))));
  }
  async function read(where) {
    const kept = sessionStorage.getItem(where);
    if (!kept) return null;
    const bytes = Uint8Array.from(atob(kept), (c) => c.charCodeAt(0));
    const how = { name: "AES-GCM", iv: bytes.slice(0, 12), additionalData: bound(where) };
    try {
      return JSON.parse(new TextDecoder().decode(await crypto.subtle.decrypt(how, await key, bytes.slice(12))));
    } catch {
      sessionStorage.removeItem(where); // Somebody else's.
      return null;
    }
  }
  async function bringBack() {
    const talk = opened();
    for (const id of BOXES) {
      const box = document.getElementById(id);
      if (box?.value && talk) keep(box, talk);
      const words = talk && (await read(place(id, talk)));
      if (!words || !box || box.value || opened() !== talk) continue;
      box.value = words.body;
      // What the patient has said since then is still to be warned of.
      if (id === "reply" && words.seen !== undefined) document.getElementById("seen").value = words.seen;
      box.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }
  document.addEventListener("input", (event) => {
    if (BOXES.includes(event.target.id) && opened()) keep(event.target, opened());
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target?.id !== "pane" || !event.detail.shouldSwap) return;
    const by = event.detail.requestConfig?.elt;
    const gone = by?.id === "reply-form" ? "reply" : by?.classList.contains("note-form") ? "note" : null;
    if (gone && opened()) sessionStorage.removeItem(place(gone, opened()));
  });
  document.addEventListener("htmx:afterSwap", (event) => { if (event.detail.target?.id === "pane") bringBack(); });
  bringBack();
})();
