/** Elements by name; an array is one element for each member. */
export interface XmlFields {
  [name: string]: string | number | boolean | XmlFields | readonly XmlFields[];
}

const namespace = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** An S3 answer as XML; its root has S3's namespace, except errors, which have none. */
export function xmlDocument(root: string, fields: XmlFields): string {
  const attributes = root === 'Error' ? '' : ` xmlns="${namespace}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${attributes}>${xmlElements(fields)}</${root}>`;
}

function xmlElements(fields: XmlFields): string {
  return Object.entries(fields)
    .flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).map((one) => xmlElement(name, one)))
    .join('');
}

function xmlElement(name: string, value: string | number | boolean | XmlFields): string {
  const content = typeof value === 'object' ? xmlElements(value) : escaped(String(value));
  return `<${name}>${content}</${name}>`;
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

// Control characters as S3 writes them; XML 1.0 has no other way, `encoding-type=url` has.
function escaped(text: string): string {
  return text.replace(/[&<>"\p{Cc}]/gu, (char) => entities[char] ?? `&#x${char.charCodeAt(0).toString(16)};`);
}
