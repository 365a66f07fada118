// The decisions as a file, and back: what `drydock review import` takes, and what this page can open again.

function fileText() {
  const by = byId("by").value.trim();
  const items = resolved().map((line) => ({ ...line, decided_by: by }));
  // what was answered, as it was answered, is what the page opens again; an import does not look at it
  const answered = [...decisions].map(([item, decision]) => ({ item, ...decision }));
  const head = { made_by: "drydock review page", rehearsal: data.redacted, file: data.file, head: data.head };
  return JSON.stringify({ ...head, items, answered }, null, 1) + "\n";
}

function save() {
  if (!decisions.size) return say("nothing is decided yet");
  if (!byId("by").value.trim()) {
    byId("by").focus();
    return say("say who decides first");
  }
  const link = el("a", { download: "decisions" + (data.redacted ? "-rehearsal" : "") + ".json" });
  link.href = URL.createObjectURL(new Blob([fileText()], { type: "application/json" }));
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  isSaved = true;
  keep();
  return say(decisions.size + " decisions are saved; give the file to: drydock review import");
}

async function restore(file) {
  let parsed;
  try {
    parsed = JSON.parse(await file.text());
  } catch (_) {
    return say("that is no file of decisions");
  }
  if (!Array.isArray(parsed.answered) || parsed.rehearsal !== data.redacted || (parsed.file && parsed.file !== data.file)) return say("that file is not of this page’s staging file");
  const { taken, stale } = take(parsed.answered);
  isSaved = isSaved && taken === 0;
  changed();
  show(current || shownQuestions[0]);
  return say(taken + " decisions are back" + (stale ? "; " + stale + " are about what is not asked any more, or looks otherwise now" : ""));
}

const KEYS = [
  ["j k", "next and previous question"], ["1 – 9", "the candidates, as numbered"], ["m", "merge: one person"], ["n", "not a duplicate: two people"],
  ["a", "keep what there is"], ["c s", "choose another record, set another value"], ["r", "do not migrate it, with a reason"],
  ["e", "escalate: somebody else decides"], ["u", "undo"], ["d", "decide all that ask the same"], ["/", "search by legacy id or name"],
  ["w", "save the decisions"], ["?", "this help"],
];

function showKeys() {
  const dialog = byId("keys");
  const isOn = el("input", { type: "checkbox", id: "letters" });
  isOn.checked = lettersWork;
  isOn.addEventListener("change", () => { lettersWork = isOn.checked; });
  dialog.replaceChildren(
    el("h2", { id: "keys-title" }, "Keys"),
    el("table", {}, el("tbody", {}, KEYS.map(([key, what]) => el("tr", {}, el("th", { scope: "row" }, el("kbd", {}, key)), el("td", {}, what))))),
    el("p", {}, el("label", {}, isOn, " single keys work on this page")),
    el("p", {}, "Decisions stay in this browser" + (isKept ? "" : " (not now: it keeps nothing for this page)") + " and go nowhere until they are saved as a file."),
    el("p", {}, el("button", { type: "button", click: () => { forget(); say("this browser keeps nothing of this file any more"); } }, "forget what this browser keeps"), " ",
      el("button", { type: "button", class: "main", click: () => dialog.close() }, "back")));
  dialog.showModal();
}
