/**
 * An element with these properties and children. Texts become text nodes: keys, labels and messages come from
 * anywhere, and nothing here ever parses HTML.
 */
export function element(tag, properties = {}, ...children) {
  const { dataset, ...rest } = properties;
  const node = Object.assign(document.createElement(tag), rest);
  Object.assign(node.dataset, dataset);
  node.append(...children.filter((child) => child !== undefined));
  return node;
}

export const byId = (id) => document.getElementById(id);
