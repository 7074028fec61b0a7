import { pattern, type Vendor, VENDORS } from '../../emulator';
import { credentialFor, type Harness } from '../../support/harness';
import { VENDOR_FACTS } from '../../support/vendors';
import { POINTS, type Point } from './points';

/** A line that breaks on a file of 100 MB: what is done again counts, so the bytes that hosts send are counted. */

const MB = 1_000_000;
const SIZE = 100 * MB;
const EVERY = 10 * MB;

export const FIRST_BREAKS = [0.01, 0.5, 0.99];

/** Hosts that serve ranges and an Etag. From the others the file comes from its start again. */
const RESUMABLE: Partial<Record<Vendor, Point['on']>> = {
	meta: 'file',
	dialog360: 'file',
	whapi: 'file',
	pipes: 'file',
};

/** All, if the table is to be written: the way of the bytes is above the vendors, so that one of them stands for it. */
export const BROKEN_LINES = POINTS.filter(
	({ body, vendor }) => body === 'file' && (process.env.WRITE_FAULTS || vendor === VENDORS[0]),
);

export interface BrokenLine {
	firstBreak: number;
	/** It breaks again after each further 10 MB, of each answer. */
	goesOn: boolean;
	/** What the user reads; nothing where the file came. */
	said?: string;
	requests: number;
	/** By the file host. */
	bytesSent: number;
	/** What should not be. */
	wrong?: string;
}

export async function breakLine(
	harness: Harness,
	point: Point,
	{ firstBreak, goesOn }: Pick<BrokenLine, 'firstBreak' | 'goesOn'>,
): Promise<BrokenLine> {
	const { emulator, engine } = harness;
	emulator.reset();
	const { store } = emulator[point.vendor];
	const { onlyInItem, publicUrl } = VENDOR_FACTS[point.vendor];
	const mediaId = store.add({ bytes: pattern(SIZE), mimeType: 'video/mp4', inbound: true });
	const sha256 = store.get(mediaId)!.sha256.toString('hex');
	const known = { mimeType: 'video/mp4', size: SIZE, sha256 };
	const announced = Object.fromEntries(onlyInItem.map((field) => [field, known[field]]));
	const item: Record<string, unknown> = { mediaId, ...announced };
	if (point.link) item.url = publicUrl!(emulator, mediaId);
	const vendor = emulator[point.vendor] as { fault: (order: object) => void };
	vendor.fault({ on: point.on, cutAt: firstBreak });
	if (goesOn) vendor.fault({ on: point.on, cutAfter: EVERY, times: Infinity });

	const before = new Set(await engine.binaryFiles());
	const { output, error } = await harness.run('DownloadMedia', [item] as never, {
		credentials: { whatsAppMediaApi: credentialFor(emulator, point.vendor) },
	});
	const files = emulator.requests.filter(({ operation }) => operation === point.on);
	const line = {
		firstBreak,
		goesOn,
		requests: files.length,
		bytesSent: files.reduce((sum, { bytesSent }) => sum + bytesSent, 0),
	};
	const left = (await engine.binaryFiles()).filter((file) => !before.has(file));
	const mostBytes = SIZE * (isResumable(point) ? 1.05 : firstBreak + 1.05);
	if (error) {
		const said = error.message.replaceAll(mediaId, '…').replace(/\d+ of/, '… of');
		// Each try of a file that is begun again breaks off at 10 MB.
		if (isResumable(point) || !goesOn) return { ...line, said, wrong: `it says: ${said}` };
		return { ...line, said, ...(left.length && { wrong: `${left.length} files stay behind` }) };
	}
	const { json } = output[0]![0]!;
	if (json.sha256 !== sha256 || json.size !== SIZE) return { ...line, wrong: 'other bytes' };
	// The bytes, and what n8n notes of them.
	if (left.length !== 2) return { ...line, wrong: `${left.length} files in the store` };
	if (line.bytesSent > mostBytes) return { ...line, wrong: `${line.bytesSent} bytes were sent` };
	return line;
}

const isResumable = ({ vendor, on }: Point) => RESUMABLE[vendor] === on;

export const BROKEN_LINE_HEADING = 'A line that breaks';

export function brokenLineSection(lines: Map<Point, BrokenLine[]>): string[] {
	const percent = (fraction: number) => `${Math.round(fraction * 100)} %`;
	const cells = ({ said, wrong, requests, bytesSent }: BrokenLine) =>
		`${wrong ? `WRONG: ${wrong}` : (said ?? 'recovered')} | ${requests} | ${(bytesSent / MB).toFixed(1)} MB`;
	const rows = [...lines].flatMap(([point, ofPoint]) =>
		FIRST_BREAKS.map((firstBreak) => {
			const [once, goesOn] = [false, true].map((goesOn) =>
				ofPoint.find((line) => line.firstBreak === firstBreak && line.goesOn === goesOn)!,
			);
			const link = point.link ? ' (public link)' : '';
			return `| ${point.vendor}: \`${point.on}\`${link} | ${percent(firstBreak)} | ${cells(once!)} | ${cells(goesOn!)} |`;
		}),
	);
	return [
		'A file of 100 MB, all options as they are by default. The connection breaks at 1, 50 or 99 % of the file; or there first, and after each 10 MB from',
		'then on. Where the host serves ranges and proves by its Etag that the file is still the same, it sends less than 5 % more than the file. From the',
		'other hosts the file comes from its start again, in at most 4 tries. *Sent* is what the file host put on the wire.',
		'',
		'| answer | first break | once | requests | sent | then after each 10 MB | requests | sent |',
		'|---|--:|---|--:|--:|---|--:|--:|',
		...rows,
	];
}
