// The address is the state of a view: `#/log?outcome=failed` can be sent to a colleague.

/** The view and its parameters; null where the address is a place in the page, such as `#view`. */
export function read() {
  const hash = location.hash;
  if (hash && !hash.startsWith("#/")) return null;
  const [name, query] = hash.slice(2).split("?");
  return { name: name || "log", params: new URLSearchParams(query ?? "") };
}

/** The address of a view; parameters that are empty are left out. */
export function link(name, params = {}) {
  const query = new URLSearchParams(Object.entries(params).filter(([, value]) => value));
  return `#/${name}${query.size ? `?${query}` : ""}`;
}

/** Note the state of the view that is open, without opening it again. */
export function note(name, params) {
  history.replaceState(null, "", link(name, params));
}
