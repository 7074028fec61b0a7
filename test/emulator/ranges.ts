import type { Reply } from './server';

/**
 * A whole file as the part of it that `Range` asks for: RFC 9110, section 14. `If-Range` with another Etag gets the whole, and
 * so does what is not one range of bytes.
 */
export function rangeOf(whole: Reply, range: string | undefined, ifRange?: string): Reply {
	const { etag, body: content } = whole;
	if (!etag || typeof content !== 'object' || !('read' in content)) return whole;
	const headers = { ...whole.headers, Etag: etag, 'Accept-Ranges': 'bytes' };
	const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(range ?? '') ?? [];
	if ((!first && !last) || (ifRange !== undefined && ifRange !== etag))
		return { ...whole, headers };
	const { size } = content;
	const start = first ? Number(first) : Math.max(size - Number(last), 0);
	const end = first && last ? Math.min(Number(last) + 1, size) : size;
	if (start >= end)
		return { status: 416, headers: { ...headers, 'Content-Range': `bytes */${size}` } };
	return {
		...whole,
		status: 206,
		headers: { ...headers, 'Content-Range': `bytes ${start}-${end - 1}/${size}` },
		body: {
			size: end - start,
			read: (from = 0, to = end - start) => content.read(start + from, start + to),
		},
	};
}
