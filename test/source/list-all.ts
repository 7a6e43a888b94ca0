import type { ObjectRef } from '@tuhai/core/outcome';
import type { ListPage, Source } from '@tuhai/core/source/source';

export async function pagesOf(source: Source, options?: Parameters<Source['list']>[0]): Promise<ListPage[]> {
  const pages: ListPage[] = [];
  for await (const page of source.list(options)) pages.push(page);
  return pages;
}

export async function objectsOf(
  source: Source,
  options?: Parameters<Source['list']>[0],
): Promise<ObjectRef[]> {
  return (await pagesOf(source, options)).flatMap(({ objects }) => objects);
}

export async function keysOf(source: Source, options?: Parameters<Source['list']>[0]): Promise<string[]> {
  return (await objectsOf(source, options)).map(({ key }) => key);
}
