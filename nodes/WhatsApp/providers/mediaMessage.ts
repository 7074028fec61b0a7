/**
 * `flow`: a file in the answer to a form. `echo`: sent by the business itself, from the app on its phone. `history`: from
 * before the number was connected. `edit`: an earlier message got a new file. `call`: a recording, transcript or voicemail.
 */
export type Origin = 'flow' | 'echo' | 'history' | 'edit' | 'call';

export type MediaType = 'image' | 'video' | 'audio' | 'voice' | 'document' | 'sticker';

/** One file that somebody sent: the trigger's item. What a provider does not say is absent. */
export interface MediaMessage {
	provider: string;
	type: MediaType;
	/** Absent only where the file is unavailable. */
	mediaId?: string;
	/** The provider could not get the file from WhatsApp: there is nothing to download, now or later. */
	unavailable?: true;
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
	animated?: boolean;
	messageId?: string;
	/** The conversation: the group, else the person. */
	chatId?: string;
	/** Phone number of the sender, digits only; absent for users who hide it. */
	from?: string;
	fromUserId?: string;
	fromName?: string;
	/** ISO 8601, UTC. */
	timestamp?: string;
	/** The business number that received it. */
	phoneNumberId?: string;
	accountId?: string;
	forwarded?: boolean;
	/** Message ID of the message that this one answers. */
	replyTo?: string;
	/** The advertisement that the sender came from, as the provider tells it. */
	referral?: object;
	/** Where it comes from when it is not simply a message that somebody sent. */
	origin?: Origin;
	/** The provider's own message, untouched. */
	raw: object;
}
