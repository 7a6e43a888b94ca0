import { isMap, isNode, isScalar, isSeq, type Document, type ParsedNode } from 'yaml';
import { closestName } from './closest-name.js';

/** Raises what is wrong at an offset of the file. */
export type Fail = (message: string, offset?: number) => never;

type Path = readonly (string | number)[];

/** A place in the document that knows where it stands. */
export class YamlCursor {
  constructor(
    readonly document: Document.Parsed,
    readonly path: Path,
    readonly raise: Fail,
  ) {}

  get node(): ParsedNode | undefined {
    if (this.path.length === 0) return this.document.contents ?? undefined;
    const node = this.document.getIn(this.path, true);
    return isNode(node) ? (node as ParsedNode) : undefined;
  }

  get title(): string {
    if (this.path.length === 0) return 'the file';
    return this.path.reduce<string>(
      (title, step) => (typeof step === 'number' ? `${title}[${step}]` : title ? `${title}.${step}` : step),
      '',
    );
  }

  at(step: string | number): YamlCursor {
    return new YamlCursor(this.document, [...this.path, step], this.raise);
  }

  optional(): YamlCursor | undefined {
    const { node } = this;
    return node === undefined || (isScalar(node) && node.value === null) ? undefined : this;
  }

  /** Complains at this place, or at the nearest one around it that exists. */
  fail(message: string): never {
    const around = this.path.map(
      (_, i) => new YamlCursor(this.document, this.path.slice(0, -i - 1), this.raise),
    );
    const node = [this, ...around].map((cursor) => cursor.node).find(Boolean);
    return this.raise(message, node?.range[0] ?? 0);
  }

  fields(known: readonly string[]): void {
    const { node } = this;
    if (!isMap(node)) return this.fail(`${this.title} must be a mapping with ${known.join(', ')}`);
    for (const { key } of node.items) {
      const field = isScalar(key) ? String(key.value) : String(key);
      if (!known.includes(field)) {
        this.raise(
          `${this.title} has an unknown field "${field}"${suggestion(field, known)}; known are ${known.join(', ')}`,
          (key as ParsedNode).range[0],
        );
      }
    }
  }

  isMapping(): boolean {
    return isMap(this.node);
  }

  isText(): boolean {
    return (
      isScalar(this.node) && (typeof this.node.value === 'string' || typeof this.node.value === 'number')
    );
  }

  text(): string {
    const { node } = this;
    const value =
      this.isText() && isScalar(node)
        ? typeof node.value === 'string'
          ? node.value
          : (node.source ?? '')
        : '';
    return value.trim() === '' ? this.fail(`${this.title} must be a text`) : value;
  }

  items(): YamlCursor[] {
    const { node } = this;
    if (!isSeq(node) || node.items.length === 0)
      return this.fail(`${this.title} must be a list with something in it`);
    return node.items.map((_, i) => this.at(i));
  }

  /** Texts with a place for the prompt. */
  templates(): string[] {
    const cursors = this.isText() ? [this] : this.items();
    return cursors.map((cursor) => {
      const template = cursor.text();
      return template.includes('{}') ? template : cursor.fail(`${cursor.title} has no {} for the prompt`);
    });
  }

  /** One text or a list of them. */
  texts(): string[] {
    return this.isText() ? [this.text()] : this.items().map((item) => item.text());
  }

  oneOf<T extends string>(accepted: readonly T[]): T {
    const value = accepted.find((candidate) => isScalar(this.node) && this.node.value === candidate);
    const given = isScalar(this.node) ? suggestion(String(this.node.value), accepted) : '';
    return value ?? this.fail(`${this.title} must be one of ${accepted.join(', ')}${given}`);
  }

  number({ min, max, whole }: { min: number; max: number; whole: boolean }): number {
    const value = isScalar(this.node) ? this.node.value : undefined;
    const fits =
      typeof value === 'number' && value >= min && value <= max && (!whole || Number.isInteger(value));
    return fits
      ? value
      : this.fail(`${this.title} must be a ${whole ? 'whole ' : ''}number from ${min} to ${max}`);
  }
}

function suggestion(given: string, known: readonly string[]): string {
  const closest = closestName(given, known);
  return closest === undefined ? '' : ` (did you mean ${closest}?)`;
}
