import { MediaRefusal, type Account, type Api, type ApiReply, type FileLocation, type MediaMessage, type MediaType, type Provider, type Refusal, type RefusalKind, type Webhook } from './provider';
import { byteCount, flag, isoTime, known, object, objects, text, type Json } from './read';
import { equalSecrets, hmacHex } from './signature';

/** Pipes.bot, https://docs.pipes.bot. A proxy to Meta's API: its webhooks are Meta's, with an object `pipes` beside. */
export const pipes: Provider = {
	displayName: 'Pipes.bot',
	defaultBaseUrl: 'https://api.pipes.bot',
	// Files come from storage with presigned URLs, which answers 400 to a request that also carries a token.
	mediaHosts: [],
	manualSetup:
		'paste it as Webhook URL where you activate the number, or in the App’s settings, and set the Webhook Secret of the credential there.',
	retention: 'Pipes.bot keeps files for 48 hours.',
	challenge: () => undefined,
	verify,
	parse,
	resolve,
	urlExpiresAt,
	upload: async () => {
		throw new MediaRefusal(
			'refused',
			'Pipes.bot has no public way to upload a file',
			'Send the file together with its message instead: an HTTP Request to POST /v1/messages/send with conversationId, and in media the file as base64 (with mimeType) or as an https URL.',
		);
	},
	delete: async (_api, mediaId) => {
		throw new MediaRefusal('refused', `Media ID ${mediaId} was not deleted: Pipes.bot has no way to delete a file`, 'Leave it out: Pipes.bot deletes every file 48 hours after it came.');
	},
};

/** A presigned URL's life. Source: docs.pipes.bot, Media. */
const URL_LIFE_MS = 5 * 60 * 1000;

const MEDIA_TYPES = ['image', 'video', 'audio', 'document', 'sticker'] as const;

/** `X-Pipes-Signature: <hex>`, made with the webhook secret over the raw bytes. */
function verify({ headers, rawBody }: Webhook, { webhookSecret }: Account): true | Refusal {
	if (!webhookSecret)
		return { reason: 'the credential has no Webhook Secret, so no delivery can be checked. Set one in the Pipes.bot dashboard, 16 to 256 characters, and enter the same in the credential.' };
	const signature = headers['x-pipes-signature'];
	if (typeof signature !== 'string' || !signature)
		return { reason: 'it carries no X-Pipes-Signature: either no Webhook Secret is set in the Pipes.bot dashboard, or it does not come from Pipes.bot, or a proxy dropped the header.' };
	if (equalSecrets(signature.toLowerCase(), hmacHex(webhookSecret, rawBody))) return true;
	return { reason: 'its signature does not match. Either the Webhook Secret in the credential is not the one in the Pipes.bot dashboard, or a proxy in front of n8n changes the body.' };
}

/** One message in each delivery: `pipes` stands at the root. */
function parse(body: unknown): MediaMessage[] {
	const beside = object(object(body).pipes);
	return objects(object(body).entry).flatMap((entry) =>
		objects(entry.changes).flatMap((change) => {
			const value = object(change.value);
			return objects(value.messages).flatMap((message) => webhookMessage(message, value, beside) ?? []);
		}),
	);
}

function webhookMessage(message: Json, value: Json, beside: Json): MediaMessage | undefined {
	const content = object(message[String(message.type)]);
	const context = object(message.context);
	const from = text(message.from);
	const contact = objects(value.contacts).find(({ wa_id }) => text(wa_id) === from);
	return mediaMessage(message.type, object(beside.media), {
		mimeType: text(content.mime_type),
		fileName: text(content.filename),
		caption: text(content.caption),
		voice: flag(content.voice),
		animated: flag(content.animated),
		messageId: text(message.id),
		chatId: text(beside.conversationId) ?? from,
		from,
		fromName: text(object(contact?.profile).name),
		timestamp: isoTime(message.timestamp),
		phoneNumberId: text(beside.poolNumberId) ?? text(object(value.metadata).phone_number_id),
		forwarded: flag(context.forwarded) ?? flag(context.frequently_forwarded),
		replyTo: text(context.id),
		referral: message.referral === undefined ? undefined : object(message.referral),
		raw: message,
	});
}

/** The ID in the message is Meta's, which no key of Pipes.bot's opens; its own stands in `media`. */
function mediaMessage(type: unknown, media: Json, about: Partial<MediaMessage> & Pick<MediaMessage, 'raw'>): MediaMessage | undefined {
	const kind = MEDIA_TYPES.find((one) => one === type);
	if (!kind) return undefined;
	const mediaId = text(media.mediaId);
	const mimeType = text(media.mimeType) ?? about.mimeType;
	// WhatsApp records Ogg, and sends attached music as MP3, M4A or AAC; where the flag was lost, this tells them apart.
	const voice = kind === 'audio' ? (about.voice ?? /^audio\/ogg/.test(mimeType ?? '')) : undefined;
	return known({
		provider: 'pipes',
		type: (voice ? 'voice' : kind) satisfies MediaType,
		mediaId,
		unavailable: media.unavailable === true || !mediaId ? true : undefined,
		...about,
		voice,
		mimeType,
		size: byteCount(media.byteSize),
		fileName: text(media.fileName) ?? about.fileName,
	});
}

/** GET /v1/media/download/{id} redirects to the file; the redirect itself is the answer here. */
async function resolve(api: Api, mediaId: string): Promise<FileLocation> {
	const reply = await api.send({ method: 'GET', path: `/v1/media/download/${encodeURIComponent(mediaId)}` });
	const location = reply.headers.location;
	if (reply.status < 300 || reply.status > 399 || !location) throw refusal(reply, `Media ID ${mediaId} could not be looked up`);
	const url = new URL(location, api.account.baseUrl).href;
	return { url, expiresAt: urlExpiresAt(url) ?? new Date(Date.now() + URL_LIFE_MS).toISOString(), tokenRequired: false };
}

/** Presigned URLs of S3 and its likes tell when they were made and for how many seconds. */
function urlExpiresAt(url: string): string | undefined {
	const [, made] = /[?&]X-Amz-Date=(\d{8}T\d{6}Z)/i.exec(url) ?? [];
	const [, seconds] = /[?&]X-Amz-Expires=(\d+)/i.exec(url) ?? [];
	const start = made && isoTime(made.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
	return start && seconds && new Date(Date.parse(start) + Number(seconds) * 1000).toISOString();
}

/** `{"error":"…","code":"…"}` in the documentation, `{"error":{"message":"…"}}` in the vendor's own demo. */
function refusal({ status, body }: ApiReply, what: string): MediaRefusal {
	const { error, code, message } = object(body);
	const sentence = text(error) ?? text(object(error).message) ?? text(message);
	const named = text(code) ?? text(object(error).code);
	const said = sentence ? `Pipes.bot says "${sentence}" (${named ?? `HTTP ${status}`})` : `HTTP ${status} without an explanation`;
	const { kind, advice } = explain(status);
	return new MediaRefusal(kind, `${what}: ${said}`, advice, status);
}

function explain(status: number): { kind: RefusalKind; advice: string } {
	if (status === 401) return { kind: 'credential', advice: 'The API key in the credential is not valid. Copy it again, whole, from the Pipes.bot dashboard; it starts with pk_ or ak_live_.' };
	if (status === 403) return { kind: 'gone', advice: 'The file belongs to another Pipes.bot account. Use the credential of the number that received it.' };
	if (status === 404) return { kind: 'gone', advice: 'Pipes.bot knows no such file. Take the media ID from the field mediaId of the trigger: the ID inside the message is Meta’s, which does not work here.' };
	if (status === 410) return { kind: 'gone', advice: 'Pipes.bot keeps files for 48 hours, and they are over. Ask the sender to send it again.' };
	if (status >= 500 || status === 429) return { kind: 'temporary', advice: 'This is usually over in a few minutes; run it again then.' };
	return { kind: 'refused', advice: 'Check Base URL in the credential: something other than the API may be answering there.' };
}
