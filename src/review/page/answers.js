// Which answers a question has, under which key, and how each is said.

const LETTERS = { accept: "a", choose: "c", set: "s", merge: "m", not_a_duplicate: "n", reject: "r", escalate: "e" };

// The candidates, under 1 to 9: each a decision that needs no more.
function candidates(question) {
  const can = (action) => question.answers.includes(action);
  if (question.face === "pair") return [];
  if (question.leads_to) {
    return question.candidates.slice(0, 9).map((id) => {
      const isProposed = id === question.proposed && can("accept");
      const label = named(question.leads_to, id) + (id === question.proposed ? " – what the rules chose" : "");
      return isProposed ? { action: "accept", value: "", label } : { action: "choose", value: String(id), label };
    });
  }
  if (!can("set")) return [];
  const proposed = question.proposal ? [{ action: "set", value: question.proposal, label: "set to " + plain(question.proposal) }] : [];
  return proposed.concat(question.words.map((word) => ({ action: "set", value: word, label: "set to " + word }))).slice(0, 9);
}

// What accepting means here.
function acceptLabel(question) {
  if (question.face === "practice" && question.proposed !== null) return "keep " + practiceName(question.proposed);
  if (question.current !== null && question.current !== undefined) return "keep “" + plain(question.current) + "”";
  return "keep it as it is";
}

// All answers: `needs` says what has to be given beside the key.
function answers(question) {
  const list = candidates(question).map((candidate, place) => ({ key: String(place + 1), ...candidate }));
  const add = (action, label, more) => {
    if (question.answers.includes(action)) list.push({ key: LETTERS[action], action, value: "", label, ...more });
  };
  if (question.face === "pair") {
    const into = "one person: " + question.legacy_id + " goes into " + question.other;
    if (question.answers.includes("merge")) list.push({ key: "1", also: "m", action: "merge", value: "", label: into });
    add("not_a_duplicate", "two people");
  } else {
    if (!list.some((answer) => answer.action === "accept")) add("accept", acceptLabel(question));
    add("choose", question.leads_to === "practices" ? "another practice" : "another " + words(question.leads_to || "record").replace(/s$/, ""), { needs: "record" });
    if (!question.words.length) add("set", "another value", { needs: "value" });
    add("merge", "the same as another record", { needs: "id" });
  }
  add("reject", "do not migrate it", { needs: "reason" });
  add("escalate", "somebody else decides");
  return list;
}

// How a decision reads.
function decisionText(question, decision) {
  const given = decision.value;
  switch (decision.action) {
    case "accept": return acceptLabel(question);
    case "choose": return "choose " + named(question.leads_to, given);
    case "set": return "set to “" + plain(given) + "”";
    case "merge": return "merge into " + (given || question.other);
    case "not_a_duplicate": return "two people";
    case "reject": return "not migrated";
    case "escalate": return "passed on";
    default: return decision.action;
  }
}

// The questions that ask the same and are not decided yet.
function alikeOf(question) {
  return questions.filter((other) => other.alike === question.alike && !isDecided(other));
}
