/** Containers hold sound, or pictures that move with or without sound: what their first bytes say of it. */

/** ISO/IEC 14496-12, 4.3: the brands of ftyp; mp4ra.org. Old QuickTime files have none. */
export function isoMediaType(bytes: Buffer): string | undefined {
	const start = bytes.toString('latin1', 0, 64);
	const type = start.slice(4, 8);
	// No such box has 16 MB.
	if (start[0] !== '\0') return undefined;
	if (type !== 'ftyp')
		return ['moov', 'mdat', 'wide'].includes(type) ? 'video/quicktime' : undefined;
	const brand = start.slice(8, 12);
	if (brand === 'qt  ') return 'video/quicktime';
	if (/^(M4[ABP]|F4[AB]) $/.test(brand)) return 'audio/mp4';
	if (/^3g2/.test(brand)) return 'video/3gpp2';
	if (/^3g[a-z]/.test(brand)) return hasSoundOnly(bytes) ? 'audio/3gpp' : 'video/3gpp';
	if (/^avi[fs]$/.test(brand)) return 'image/avif';
	if (/^he[iv][a-z]$/.test(brand)) return 'image/heic';
	if (/^m[is]f1$/.test(brand))
		return start.slice(16).includes('avif') ? 'image/avif' : 'image/heif';
	if (/^(crx |jp[2xm] |jxl |mjp2)$/.test(brand)) return undefined;
	return hasSoundOnly(bytes) ? 'audio/mp4' : 'video/mp4';
}

/** Whether all tracks are seen, and all are sound: 14496-12, 8.2.2 mvhd and 8.4.3 hdlr. */
function hasSoundOnly(bytes: Buffer): boolean {
	const index = findBox(bytes, 'moov');
	if (!index) return false;
	const inside = bytes.toString('latin1', index.start, index.end);
	const handlers = [...inside.matchAll(/hdlr.{8}(vide|soun)/gs)].map(([, handler]) => handler);
	if (!handlers.includes('soun') || handlers.includes('vide')) return false;
	const header = findBox(bytes.subarray(index.start, index.end), 'mvhd');
	// mvhd ends with the number that the next track would have.
	const lastField = header ? index.start + header.end - 4 : bytes.length;
	const tracks = lastField + 4 <= bytes.length ? bytes.readUInt32BE(lastField) - 1 : Infinity;
	return index.end <= bytes.length || tracks <= handlers.length;
}

/** The first box of a type, among those that follow one another from the start. */
function findBox(bytes: Buffer, type: string): { start: number; end: number } | undefined {
	for (let at = 0; at + 8 <= bytes.length;) {
		const size = bytes.readUInt32BE(at);
		const isFound = bytes.toString('latin1', at + 4, at + 8) === type;
		if (isFound) return { start: at + 8, end: at + (size || Infinity) };
		if (size < 8) return undefined;
		at += size;
	}
	return undefined;
}

/** RFC 8794, 11.2.4: DocType; RFC 9559, 5.1.4.1: the tracks and their codecs, which stand before the first cluster. */
export function matroskaType(bytes: Buffer): string {
	const start = bytes.toString('latin1');
	const isWebm = /\x42\x82.webm/s.test(start.slice(0, 64));
	// The table of contents names it first, behind 53 AB 84, to say where it is.
	let cluster = start.indexOf('\x1f\x43\xb6\x75');
	while (cluster > 0 && start.slice(cluster - 3, cluster) === '\x53\xab\x84')
		cluster = start.indexOf('\x1f\x43\xb6\x75', cluster + 1);
	const head = start.slice(0, Math.max(cluster, 0));
	const hasSoundOnly = /\x86[\x81-\xff]A_/.test(head) && !/\x86[\x81-\xff]V_/.test(head);
	return `${hasSoundOnly ? 'audio' : 'video'}/${isWebm ? 'webm' : 'x-matroska'}`;
}

/** RFC 5334: audio/ogg has no pictures. Each track begins with a page of its own, before all others. */
export function oggType(bytes: Buffer): string {
	return bytes.includes('\x80theora', 0, 'latin1') ? 'video/ogg' : 'audio/ogg';
}
