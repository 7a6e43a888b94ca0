/** An answer other than success, in words for the page. */
export class ApiProblem extends Error {
  constructor({ code, detail }) {
    super(problemTexts[code] ?? detail ?? '服务出错了');
    this.code = code;
  }
}

const problemTexts = {
  image_not_found: '没有这张图片，或它还没有向量',
  run_not_found: '没有这个任务',
  body_too_large: '图片太大',
  too_large: '图片文件太大',
  too_many_pixels: '图片像素太多',
  unsupported_format: '不支持这种图片格式',
  corrupt: '图片已损坏，无法解码',
  timeout: '图片解码超时',
  database_unavailable: '数据库暂时无法访问，请稍后再试',
  not_ready: '服务尚未就绪',
  internal: '服务内部出错，详情见日志',
};

export const searchBy = (query, signal) =>
  ask('/v1/search', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(query),
    signal,
  });

export function searchByFile(file, { k, filter }, signal) {
  const form = new FormData();
  form.set('k', String(k));
  if (filter) form.set('filter', JSON.stringify(filter));
  form.set('image', file, file.name || 'image');
  return ask('/v1/search', { method: 'POST', body: form, signal });
}

export const getImage = (id) => ask(`/v1/images/${id}`);
export const getModel = async () => (await ask('/readyz')).model;
export const listRuns = (page) => ask(`/v1/runs?${new URLSearchParams(page)}`);
export const listFailures = (id, page) => ask(`/v1/runs/${id}/failures?${new URLSearchParams(page)}`);

async function ask(path, init) {
  const answer = await fetch(path, init).catch((error) => {
    if (error.name === 'AbortError') throw error;
    throw new ApiProblem({ code: 'unreachable', detail: '无法连接服务' });
  });
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new ApiProblem(body);
  return body;
}
