// What the answers mean together. Three questions about three users may make one person of them: one stays, and the others go into
// that one. An answer that contradicts another is refused at once, because an import takes all of a file or nothing.

const keyOf = (entity, id) => entity + ":" + id;

// Of each record that goes into another: the one that stays.
function endsOf(all) {
  const parent = new Map();
  const top = (key) => {
    let at = key;
    while (parent.get(at) !== at) at = parent.get(at);
    return at;
  };
  const go = new Set();
  for (const [question, decision] of all) {
    if (decision.action !== "merge") continue;
    const pair = [question.legacy_id, decision.value || question.other].map((id) => keyOf(question.entity, id));
    for (const key of pair) if (!parent.has(key)) parent.set(key, key);
    parent.set(top(pair[0]), top(pair[1]));
    go.add(pair[0]);
  }
  const groups = new Map();
  for (const key of parent.keys()) groups.set(top(key), (groups.get(top(key)) || []).concat(key));
  const ends = new Map();
  const id = (key) => Number(key.split(":")[1]);
  for (const members of groups.values()) {
    // whom no answer lets go, else the oldest
    const stayers = members.filter((key) => !go.has(key));
    const stays = (stayers.length ? stayers : members).reduce((one, other) => (id(one) <= id(other) ? one : other));
    for (const key of members) ends.set(key, stays);
  }
  return ends;
}

function listed(decided) {
  return [...decided].map(([item, decision]) => [byItem.get(item), decision]);
}

// A question whose answer contradicts the others: two people who are made one, or one who is not migrated and stands for another.
function contradiction(decided) {
  const all = listed(decided);
  const ends = endsOf(all);
  const found = all.find(([question, decision]) => {
    const own = ends.get(keyOf(question.entity, question.legacy_id));
    if (decision.action === "not_a_duplicate") return own !== undefined && own === ends.get(keyOf(question.entity, question.other));
    return decision.action === "reject" && own !== undefined;
  });
  return found ? found[0] : null;
}

// Takes answers in, unless they contradict what was said; how many were taken.
function decideSoundly(list) {
  const sound = new Map(decisions);
  const taken = [];
  for (const one of list) {
    const before = sound.get(one.question.item);
    sound.set(one.question.item, one);
    // one by one only where it matters: most answers touch nobody else
    const against = ["merge", "not_a_duplicate", "reject"].includes(one.action) ? contradiction(sound) : null;
    if (!against) {
      taken.push(one);
      continue;
    }
    if (before) sound.set(one.question.item, before);
    else sound.delete(one.question.item);
    const other = against === one.question ? "what was said of others" : "the answer to " + against.item;
    if (list.length === 1) say("not decided: it contradicts " + other);
  }
  if (taken.length) decide(taken);
  return taken.length;
}

// The answers as an import takes them: every one that goes, goes into the one that stays, and has no other answers.
function resolved() {
  const all = listed(decisions);
  const ends = endsOf(all);
  const end = (entity, id) => ends.get(keyOf(entity, id)) || keyOf(entity, id);
  const goes = (entity, id) => end(entity, id) !== keyOf(entity, id);
  const lines = new Map();
  const add = (item, action, given, decision) => {
    if (!lines.has(item)) lines.set(item, { item, action, value: given, reason: decision.reason, seen: decision.seen });
  };
  const gone = new Set();
  const other = (question) => keyOf(question.entity, question.other) + ":duplicate_of_" + question.legacy_id;
  for (const [question, decision] of all) {
    const { entity, legacy_id: own } = question;
    const stays = end(entity, own).split(":")[1];
    if (decision.action === "merge") {
      if (goes(entity, own)) add(question.item, "merge", stays, decision);
      gone.add(keyOf(entity, own));
    } else if (!goes(entity, own) || decision.action === "escalate") {
      const chosen = decision.action === "choose" ? end(question.leads_to, decision.value).split(":")[1] : decision.value;
      add(question.item, decision.action, chosen, decision);
    } else if (decision.action === "not_a_duplicate" && !goes(entity, question.other)) {
      add(other(question), "not_a_duplicate", "", decision);
    }
  }
  for (const [question, decision] of all) {
    // whoever goes by no question of their own goes by the pair's, asked from their side
    const key = keyOf(question.entity, question.other);
    if (decision.action !== "merge" || question.other === null || gone.has(key) || !goes(question.entity, question.other)) continue;
    gone.add(key);
    add(other(question), "merge", end(question.entity, question.other).split(":")[1], decision);
  }
  return [...lines.values()];
}
