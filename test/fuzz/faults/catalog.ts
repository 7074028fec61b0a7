import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

import type { Fault } from '../../emulator/faults';
import { htmlPage } from '../../emulator/faults';
import { errorsByCode } from '../../emulator/meta/errors';
import { errors as pipesErrors } from '../../emulator/pipes/errors';
import { errors as dialog360Errors } from '../../emulator/dialog360/errors';
import { errors as wahaErrors } from '../../emulator/waha/errors';
import { errors as whapiErrors } from '../../emulator/whapi/errors';
import { type Vendor, VENDORS } from '../../emulator';
import { fixtureFile } from '../../support/paths';

/**
 * Everything that can go wrong with one answer. `once`: what a node makes of it when it happens one time. `recovers`: the
 * right result, and no word of it; `says`: an error in words; `either`: both are right, depending on what the answer was for.
 */
export interface NamedFault {
	name: string;
	fault: Fault & { error?: unknown };
	once: 'recovers' | 'says' | 'either';
	/** What it takes to be this fault. Default: any answer, of any vendor. */
	only?: { vendor?: Vendor; body?: 'file' | 'json' | 'change' };
	/** It stays away: even if it happens each time, nothing is wrong. */
	harmless?: true;
}

const json = (body: string): Fault => ({
	status: 200,
	body,
	headers: { 'Content-Type': 'application/json' },
});

/** Gateways and proxies answer with these, with no word of the vendor's. */
const BARE = [400, 401, 402, 403, 404, 405, 406, 408, 409, 410, 413, 415, 422, 423, 451].map(
	(status): NamedFault => ({ name: `HTTP ${status}, empty`, fault: { status }, once: 'either' }),
);
const OUTAGES = [429, 500, 501, 502, 503, 504, 507, 520, 522, 524].map((status): NamedFault => ({
	name: `HTTP ${status}, empty`,
	fault: { status },
	once: status === 429 ? 'either' : 'recovers',
}));

const CONNECTION: NamedFault[] = [
	{ name: 'connection closed before the answer', fault: { reset: true }, once: 'recovers' },
	{
		name: 'done, but the connection closed before the answer',
		fault: { reset: true, effect: true },
		once: 'recovers',
		only: { body: 'change' },
	},
	{ name: 'no answer', fault: { delay: Infinity }, once: 'recovers' },
	{ name: 'a slow answer', fault: { delay: 100 }, once: 'recovers', harmless: true },
	{ name: 'cut off at its first byte', fault: { cutAt: 0 }, once: 'recovers' },
	{ name: 'cut off at 60 %', fault: { cutAt: 0.6 }, once: 'recovers' },
	{ name: 'silent from its first byte', fault: { stallAt: 0 }, once: 'recovers' },
	{ name: 'silent from 60 %', fault: { stallAt: 0.6 }, once: 'recovers' },
];

const PAGES: NamedFault[] = [
	{ name: 'a web page with status 200', fault: htmlPage(200), once: 'either' },
	{ name: 'a web page with status 403', fault: htmlPage(403), once: 'either' },
	{ name: 'a web page with status 502', fault: htmlPage(502), once: 'recovers' },
	{
		name: 'a web page with status 503 and Retry-After: 1',
		fault: htmlPage(503, { 'Retry-After': '1' }),
		once: 'recovers',
	},
	{
		name: 'a web page with status 503 and Retry-After: an hour',
		fault: htmlPage(503, { 'Retry-After': '3600' }),
		once: 'says',
	},
	{ name: 'a redirect without a target', fault: { status: 302 }, once: 'either' },
];

const NONSENSE: NamedFault[] = (
	[
		['an empty object', '{}'],
		['an empty list', '[]'],
		['null', 'null'],
		['a number', '5'],
		['half an object', '{"url":"https://'],
		['no body', ''],
		[
			'numbers where texts belong',
			'{"url":5,"id":{},"mime_type":5,"sha256":5,"file_size":"x","success":"x","media":5}',
		],
		['an error that is a text', '{"error":"no"}'],
		['an error without a code', '{"error":{"message":"no"}}'],
		['a URL that is none', '{"url":"javascript:alert(1)","id":""}'],
		['a URL inside the network', '{"url":"http://169.254.169.254/latest/meta-data/"}'],
		['a URL with a password', '{"url":"https://user:hunter2@example.com/"}'],
		[
			'keys that pollute prototypes',
			'{"__proto__":{"url":"x","success":true},"constructor":{"prototype":{"id":"x"}}}',
		],
	] as const
).map(([name, body]) => ({
	name: `JSON: ${name}`,
	fault: json(body),
	once: 'either',
	only: { body: 'json' },
}));

/** A photo, with enough behind its end to come in pieces. */
export const FILE = Buffer.concat([
	readFileSync(fixtureFile('rgb.jpg')),
	Buffer.from(Array.from({ length: 60_000 }, (_, i) => (i * 7 + (i >> 8)) % 251)),
]);

const BODIES: NamedFault[] = (
	[
		['ends early, as if it were whole', { truncateAt: 0.6 }, 'recovers'],
		['other bytes of the same length', { wrongBytes: true }, 'either'],
		['other bytes each time', { wrongBytes: 'changing' }, 'either'],
		['more bytes promised than come', { contentLength: FILE.length + 1000 }, 'recovers'],
		['fewer bytes promised than come', { contentLength: FILE.length - 1000 }, 'recovers'],
		['no length, no end', { endless: true }, 'says'],
		['redirected to a stranger', { redirect: 'thirdParty' }, 'recovers'],
		[
			'redirected into the network',
			{ redirect: 'http://169.254.169.254/latest/meta-data/' },
			'says',
		],
		['redirected to a file on disk', { redirect: 'file:///etc/passwd' }, 'says'],
		[
			'redirected to an address with a password',
			{ redirect: 'https://user:hunter2@example.com/' },
			'says',
		],
		['redirected to nowhere', { redirect: 'http://' }, 'says'],
		['0 bytes', { status: 200, body: '' }, 'either'],
		['a JSON error with status 200', { ...json('{"error":{"message":"no"}}') }, 'either'],
		[
			'a page that calls itself a photo',
			{ ...htmlPage(200), headers: { 'Content-Type': 'image/jpeg' } },
			'either',
		],
		[
			'compressed, though nobody asked',
			{
				status: 200,
				body: gzipSync(FILE),
				headers: { 'Content-Type': 'image/jpeg', 'Content-Encoding': 'gzip' },
			},
			'recovers',
		],
		[
			'50 MB of zeros in 50 KB',
			{
				status: 200,
				body: gzipSync(Buffer.alloc(50_000_000)),
				headers: { 'Content-Type': 'image/jpeg', 'Content-Encoding': 'gzip' },
			},
			'says',
		],
	] as Array<[string, Fault, NamedFault['once']]>
).map(([name, fault, once]) => ({
	name: `file: ${name}`,
	fault,
	once,
	only: { body: 'file' },
	...((fault.redirect === 'thirdParty' || name.startsWith('compressed')) && { harmless: true }),
}));

const TEMPORARY_CODES = ['1', '2', '4', '17', '32', '613', '131000', '131016', 'transient'];

/** The errors of each vendor's own. */
const VENDOR_ERRORS: Record<Vendor, NamedFault[]> = {
	meta: Object.keys(errorsByCode).map((code) => ({
		name: `Meta: ${code}`,
		fault: { error: code },
		// Rate limits, with Meta's word that a minute must pass, are more than the two seconds that these runs may wait.
		once: TEMPORARY_CODES.includes(code)
			? 'recovers'
			: code === 'wrongPhoneNumberId'
				? 'either'
				: 'says',
		only: { vendor: 'meta', body: 'json' },
	})),
	waha: Object.keys(wahaErrors).map((error) => ({
		name: `WAHA: ${error}`,
		fault: { error },
		once: ['internal', 'notWorking'].includes(error) ? 'recovers' : 'either',
		only: { vendor: 'waha', body: 'json' },
	})),
	dialog360: Object.keys(dialog360Errors).map((error) => ({
		name: `360dialog: ${error}`,
		fault: { error },
		once: error === 'internal' ? 'recovers' : 'either',
		only: { vendor: 'dialog360', body: 'json' },
	})),
	whapi: Object.keys(whapiErrors)
		.filter((name) => name !== 'badRequest')
		.map((error) => ({
			name: `Whapi.Cloud: ${error}`,
			fault: { error },
			once: error === 'internal' ? 'recovers' : 'either',
			only: { vendor: 'whapi' },
		})),
	pipes: Object.keys(pipesErrors).map((error) => ({
		name: `Pipes.bot: ${error}`,
		fault: { error },
		once: 'either',
		only: { vendor: 'pipes', body: 'json' },
	})),
};

export const FAULTS: NamedFault[] = [
	...CONNECTION,
	...BARE,
	...OUTAGES,
	...PAGES,
	...NONSENSE,
	...BODIES,
	...VENDORS.flatMap((vendor) => VENDOR_ERRORS[vendor]),
];
