// People side by side, what differs between them, and what each field says about their being one person.

function shownField(name, person) {
  if (!person || !person[name]) return value(null);
  if (name === "practice") return value(practiceName(person[name]));
  if (name === "doctor") return value(personName(person[name]));
  return value(person[name]);
}

// The users whom other questions link with one of these.
function linkedWith(ids) {
  const others = new Set();
  for (const question of questions) {
    if (question.face !== "pair" || !(ids.includes(question.user) || ids.includes(question.other))) continue;
    for (const id of [question.user, question.other]) if (!ids.includes(id)) others.add(id);
  }
  return [...others].slice(0, 2);
}

// One user's fields, or several side by side with what differs marked; `evidence` adds a cell for each field.
function peopleTable(caption, ids, heads, evidence) {
  const people = ids.map((id) => data.people[id] || {});
  const fields = FIELDS.filter(([name]) => people.some((person) => person[name]));
  const rows = fields.map(([name, label]) => {
    const texts = people.map((person) => person[name] || "");
    const cells = texts.map((text, place) => {
      const differs = ids.length > 1 && place > 0 && text !== "" && texts[0] !== "" && text !== texts[0];
      const sign = differs ? el("span", { class: "soft" }, " ≠") : null;
      return el("td", { class: differs && "differs" }, shownField(name, people[place]), sign);
    });
    return el("tr", {}, el("th", { scope: "row" }, label), cells.slice(0, 2), evidence && evidence(name), cells.slice(2));
  });
  const column = (text) => el("th", { scope: "col" }, text);
  const head = el("tr", {}, el("td", {}), heads.slice(0, 2).map(column),
    evidence && [el("th", { scope: "col", class: "number" }, "bits"), el("th", { scope: "col", class: "falls" }, "from two people to one")], heads.slice(2).map(column));
  return el("div", { class: "scroll people", tabindex: "0", role: "region", "aria-label": caption },
    el("table", {}, el("caption", {}, caption), el("thead", {}, head), el("tbody", {}, rows)));
}

// The waterfall: where the model starts, what each field adds, where that ends; 0 is one chance in two.
function waterfall(pair) {
  const prior = data.prior === null ? 0 : data.prior;
  let at = prior;
  const falls = new Map();
  for (const [field, level, number] of pair.evidence) {
    falls.set(field, { from: at, to: at + number, level, number });
    at += number;
  }
  const ends = [...falls.values()].flatMap((fall) => [fall.from, fall.to]).concat(prior, at, 0);
  const low = Math.min(...ends);
  const width = Math.max(...ends) - low || 1;
  const place = (number) => (100 * (number - low) / width) + "%";
  const bar = (from, to, kind) => {
    const fall = el("span", { class: "fall" + kind });
    fall.style.left = place(Math.min(from, to));
    fall.style.width = (100 * Math.abs(to - from) / width) + "%";
    const zero = el("span", { class: "zero" });
    zero.style.left = place(0);
    return el("td", { class: "falls", "aria-hidden": "true" }, el("span", {}, zero, fall));
  };
  const cells = (name) => {
    const fall = falls.get(name);
    if (!fall) return [el("td", {}), el("td", { class: "falls" })];
    falls.get(name).isShown = true;
    return [el("td", { class: "number" }, words(fall.level) + " " + bits(fall.number)), bar(fall.from, fall.to, fall.number < 0 ? " against" : "")];
  };
  const line = (label, text, from, to, kind) => el("tr", {}, el("th", { scope: "row" }, label), el("td", { colspan: "2" }), el("td", { class: "number" }, text), bar(from, to, kind));
  return {
    cells,
    before: () => line("before any look", bits(prior), 0, prior, " whole"),
    rest: () => [...falls].filter(([, fall]) => !fall.isShown)
      .map(([field, fall]) => line(words(field), words(fall.level) + " " + bits(fall.number), fall.from, fall.to, fall.number < 0 ? " against" : "")),
    after: () => line("together", bits(at), 0, at, " whole"),
  };
}
