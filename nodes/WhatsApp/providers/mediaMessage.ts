/**
 * Where a file comes from when nobody simply sent it.
 *
 * `flow`: the answer to a form. `echo`: the business itself, from the app on its phone. `history`: a time before the number
 * was connected. `edit`: an earlier message, which got a new file. `call`: a recording, transcript or voicemail. `failed`: the
 * business sent it, and WhatsApp did not deliver it; there is no file.
 */
export type Origin = 'flow' | 'echo' | 'history' | 'edit' | 'call' | 'failed';

/** `voice` was recorded in the chat, whatever the provider calls its message; `audio` was attached. */
export type MediaType = 'image' | 'video' | 'audio' | 'voice' | 'document' | 'sticker';

/** Why a file did not arrive. */
export type UnavailableReason = 'tooLarge' | 'expired' | 'unsupported' | 'viewOnce' | 'unknown';

/**
 * One file that somebody sent, or a text, or a file that did not arrive: the trigger's item. What a provider does not say is
 * absent.
 */
export interface MediaMessage {
	/** The value of the credential's field *Provider*. */
	provider: string;
	/** Absent where nothing says what a file was that did not arrive, and for sends that failed. */
	type?: MediaType | 'text';
	/** What somebody wrote; for a button or a row of a list, its title. Of type `text` only: files have captions. */
	text?: string;
	/** The ID that the business gave to the button or row. */
	replyId?: string;
	/** Absent where the file is unavailable, and where the message has only a URL. */
	mediaId?: string;
	/** The provider could not get the file from WhatsApp: there is nothing to download, now or later. */
	unavailable?: true;
	/** Why; with `unavailable` only. */
	reason?: UnavailableReason;
	/**
	 * The provider's code for what went wrong with the file on its way. Beside a media ID: the file may be there all the same,
	 * so that a download is worth a try.
	 */
	errorCode?: number;
	/** The same in the provider's own words. */
	reasonText?: string;
	/** For people: what helps after a send that failed. */
	whatToDo?: string;
	/** Where the bytes are; it may expire. */
	url?: string;
	/** ISO 8601, UTC. */
	urlExpiresAt?: string;
	/** As the provider says it, parameters included (`audio/ogg; codecs=opus`). */
	mimeType?: string;
	/** Lower-case hex. */
	sha256?: string;
	/** Bytes. */
	size?: number;
	/** The sender's own name for it; unchecked, may hold anything. */
	fileName?: string;
	caption?: string;
	/** Recorded in the chat rather than attached. */
	voice?: boolean;
	/** Of stickers and GIFs. */
	animated?: boolean;
	messageId?: string;
	/** The conversation: a group, or the customer. */
	chatId?: string;
	/**
	 * The sender's phone number as the provider writes it, which is what its API takes for an answer: digits with the country
	 * code, on the live connection of Pipes.bot with a `+` before them. Absent where the user hides it.
	 */
	from?: string;
	/** The provider's ID of the sender, which remains where the phone number is hidden. */
	fromUserId?: string;
	/** As the sender calls himself on WhatsApp. */
	fromName?: string;
	/** When it was sent: ISO 8601, UTC. */
	timestamp?: string;
	/** The business number that received it. */
	phoneNumberId?: string;
	/** The business account, or the channel, of that number. */
	accountId?: string;
	forwarded?: boolean;
	/** Message ID of the message that this one answers. */
	replyTo?: string;
	/** The advertisement that the sender came from, as the provider tells it. */
	referral?: object;
	origin?: Origin;
	/** The provider's own message, untouched. */
	raw: object;
}
