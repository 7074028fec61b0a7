import busboy from 'busboy';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer, json } from 'node:stream/consumers';
import type { Json } from '../support/n8n/workflow';
import { demoFile } from '../support/paths';

/** A file that was sent to be transcribed. */
export type Heard = { fileName: string; mimeType: string; bytes: Buffer; model: string };

/** A text that was to be spoken. */
export type Spoken = { text: string; format: string };

type Part = { type: 'text'; text: string } | { type: 'image_url'; image_url: { url: string } };

/** The latest messages of a chat, as OpenAI's chat completions take them. */
export type Message = {
	role: string;
	content?: string | Part[] | null;
	tool_calls?: unknown[];
	tool_call_id?: string;
};
export type Tool = { function: { name: string; parameters: Json } };

export type OpenAi = {
	apiKey: string;
	/** What belongs into the credential's Base URL. */
	url: string;
	heard: Heard[];
	/** What is said in every recording. */
	speech: string;
	spoken: Spoken[];
	/** The model: what it answers, given the chat so far and the tools at hand. */
	model: (chat: Message[], tools: Tool[]) => Message;
	close(): Promise<void>;
};

/** The file extensions that OpenAI names when it refuses another. */
const AUDIO = ['flac', 'm4a', 'mp3', 'mp4', 'mpeg', 'mpga', 'oga', 'ogg', 'wav', 'webm'];

/** As much of OpenAI's API as the examples use: transcriptions, speech and chat completions. Refuses what OpenAI refuses. */
export async function startOpenAi(): Promise<OpenAi> {
	const openAi: OpenAi = {
		apiKey: 'sk-local',
		url: '',
		heard: [],
		speech: '',
		spoken: [],
		model: () => ({ role: 'assistant', content: '' }),
		close,
	};
	const server = createServer((request, response) => {
		answer(openAi, request).then(
			(body) =>
				Buffer.isBuffer(body)
					? response.setHeader('Content-Type', 'audio/ogg').end(body)
					: response.setHeader('Content-Type', 'application/json').end(JSON.stringify(body)),
			(cause: Error) => {
				const status = cause instanceof Refused ? cause.status : 500;
				response.writeHead(status, { 'Content-Type': 'application/json' });
				response.end(
					JSON.stringify({
						error: {
							message: cause.message,
							type: 'invalid_request_error',
							param: null,
							code: null,
						},
					}),
				);
			},
		);
	}).listen(0, '127.0.0.1');
	await once(server, 'listening');
	openAi.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
	async function close() {
		server.closeAllConnections();
		await new Promise((done) => server.close(done));
	}
	return openAi;
}

class Refused extends Error {
	constructor(
		readonly status: number,
		message: string,
	) {
		super(message);
	}
}

async function answer(openAi: OpenAi, request: IncomingMessage): Promise<Json | Buffer> {
	if (request.headers.authorization !== `Bearer ${openAi.apiKey}`)
		throw new Refused(401, 'Incorrect API key provided');
	const call = `${request.method} ${request.url}`;
	if (call === 'POST /v1/audio/transcriptions') return await transcribe(openAi, request);
	if (call === 'POST /v1/audio/speech') return await speak(openAi, request);
	if (call === 'POST /v1/chat/completions') return await complete(openAi, request);
	throw new Refused(404, `Unknown request URL: ${call}`);
}

async function transcribe({ heard, speech }: OpenAi, request: IncomingMessage): Promise<Json> {
	const form = await readForm(request);
	if (!form.model) throw new Refused(400, 'you must provide a model parameter');
	if (!AUDIO.includes(form.fileName.split('.').pop()!))
		throw new Refused(400, `Invalid file format. Supported formats: ${JSON.stringify(AUDIO)}`);
	if (!(await isPlayable(form.bytes)))
		throw new Refused(400, 'Audio file might be corrupted or unsupported');
	heard.push(form);
	return { text: speech };
}

async function readForm(request: IncomingMessage): Promise<Heard> {
	const form: Heard = { fileName: '', mimeType: '', bytes: Buffer.alloc(0), model: '' };
	const reader = busboy({ headers: request.headers });
	const files: Array<Promise<void>> = [];
	reader.on('field', (name, value) => {
		if (name === 'model') form.model = value;
	});
	reader.on('file', (name, stream, { filename, mimeType }) => {
		if (name !== 'file') return void stream.resume();
		Object.assign(form, { fileName: filename, mimeType });
		files.push(buffer(stream).then((bytes) => void (form.bytes = bytes)));
	});
	request.pipe(reader);
	await once(reader, 'close');
	await Promise.all(files);
	return form;
}

/** By ffprobe, where it is installed: a decodable stream of some length. Otherwise by the marks of Opus in Ogg. */
async function isPlayable(bytes: Buffer): Promise<boolean> {
	return await new Promise((resolve, reject) => {
		const probe = execFile(
			'ffprobe',
			[
				'-v',
				'error',
				'-count_frames',
				'-show_entries',
				'stream=codec_type,nb_read_frames',
				'-of',
				'json',
				'-',
			],
			(cause, out) => {
				if (cause && (cause as NodeJS.ErrnoException).code === 'ENOENT')
					return resolve(bytes.toString('latin1', 0, 4) === 'OggS' && bytes.includes('OpusHead'));
				if (cause) return cause.code === undefined ? reject(cause) : resolve(false);
				const [stream] = (
					JSON.parse(out) as { streams: Array<{ codec_type: string; nb_read_frames: string }> }
				).streams;
				resolve(stream?.codec_type === 'audio' && Number(stream.nb_read_frames) > 0);
			},
		);
		// It may have seen enough, or not exist.
		probe.stdin!.on('error', () => {});
		probe.stdin!.end(bytes);
	});
}

/** Every text sounds like the demo's voice note. */
async function speak({ spoken }: OpenAi, request: IncomingMessage): Promise<Buffer> {
	const {
		model,
		input,
		voice,
		response_format: format = 'mp3',
	} = (await json(request)) as Record<string, string | undefined>;
	if (!model || !input || !voice) throw new Refused(400, 'Missing required parameter');
	if (input.length > 4096) throw new Refused(400, 'String too long: at most 4096 characters');
	if (format !== 'opus') throw new Refused(400, 'This stand-in speaks Opus only');
	spoken.push({ text: input, format });
	return await readFile(demoFile('voice-note.ogg'));
}

async function complete({ model }: OpenAi, request: IncomingMessage): Promise<Json> {
	const {
		model: name,
		messages,
		tools = [],
	} = (await json(request)) as { model: string; messages: Message[]; tools?: Tool[] };
	if (!name) throw new Refused(400, 'you must provide a model parameter');
	const message = model(messages, tools);
	return {
		id: 'chatcmpl-local',
		object: 'chat.completion',
		created: 1_767_225_600,
		model: name,
		choices: [{ index: 0, message, finish_reason: message.tool_calls ? 'tool_calls' : 'stop' }],
		usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
	};
}

/** What a model says to have a tool run. */
export function callTool(name: string, args: Json): Message {
	return {
		role: 'assistant',
		content: null,
		tool_calls: [
			{ id: `call_${name}`, type: 'function', function: { name, arguments: JSON.stringify(args) } },
		],
	};
}
