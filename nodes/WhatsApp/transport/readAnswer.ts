import { jsonParse } from 'n8n-workflow';

import { MediaError } from '../errors';
import { endOfString } from '../providers/read';
import { MB, sizeInWords } from '../units';
import { watchForIdleness } from './idleTimer';
import { networkError } from './networkError';
import type { FileReply } from './openReply';

/** An API answers with kilobytes. What has no end would fill the memory. */
const MAX_BYTES = 16 * MB;

/**
 * The body of an API's answer: what its JSON says, or else its text.
 * @param url what was asked
 * @param timeoutMs how long the whole answer may take
 * @throws MediaError when it does not come whole in that time, or has no end
 */
export async function readAnswer(
	reply: FileReply,
	url: string,
	{ timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal },
): Promise<unknown> {
	let isLate = false;
	const onIdle = () => {
		isLate = true;
		reply.abort();
	};
	// Its size stays 0: an answer is short, and however it trickles in, it has this time as a whole.
	const endWatch = watchForIdleness({ size: 0, onIdle }, timeoutMs);
	const bytes = await readBytes(reply)
		.catch((cause) => {
			throw networkError(url, isLate ? { code: 'ETIMEDOUT' } : cause, signal);
		})
		.finally(endWatch);
	if (!bytes) throw tooLong(reply.host);
	return parseAnswer(bytes.toString().replace(/^\uFEFF/, ''));
}

/** Levels. No API nests deeper, and what does so on purpose would run out of stack wherever it is written again. */
const MAX_DEPTH = 100;

/** What an answer's JSON says. What is none, or cannot come from an API, stays a text. */
export function parseAnswer(text: string): unknown {
	if (nestsDeeper(text, MAX_DEPTH)) return text;
	return text && jsonParse<unknown>(text, { fallbackValue: text });
}

/** Counts brackets in the text: to go through millions of parsed values takes ten times as long as to parse them. */
function nestsDeeper(json: string, levels: number): boolean {
	let depth = 0;
	for (let at = 0; at < json.length; at++) {
		const character = json[at];
		if (character === '"') at = endOfString(json, at) - 1;
		else if (character === '[' || character === '{') depth++;
		else if (character === ']' || character === '}') depth--;
		if (depth > levels) return true;
	}
	return false;
}

/** Nothing when there is no end to them. */
async function readBytes({ body, abort }: FileReply): Promise<Buffer | undefined> {
	const chunks: Buffer[] = [];
	let size = 0;
	for await (const chunk of body as AsyncIterable<Buffer>) {
		chunks.push(chunk);
		size += chunk.length;
		if (size <= MAX_BYTES) continue;
		abort();
		return undefined;
	}
	return Buffer.concat(chunks);
}

function tooLong(host: string): MediaError {
	return new MediaError(
		'permanent',
		`The answer of ${host} is longer than ${sizeInWords(MAX_BYTES)}`,
		'The API’s answers are never that long. Check Base URL in the credential.',
	);
}
