import { MediaError } from '../../errors';
import { supportedLike } from '../cloudApi/accepts';
import { sizeInWords } from '../../units';
import { apiError, graphError, UNKNOWN_ID } from '../cloudApi/errors';
import { fileLocation, uploadedMedia, uploadForm } from '../cloudApi/media';
import { notAccepted } from '../notAccepted';
import { safeMimeType } from '../safeMimeType';
import type {
	ApiClient,
	ApiReply,
	FileLocation,
	OutgoingFile,
	PhoneNumber,
	UploadedMedia,
} from '../provider';
import { object, objects, text } from '../read';
import { graphPath, mediaPath, withIds } from './ids';

/** GET /{media-id}: the URL lives 5 minutes and wants the same token. */
export async function resolve(
	client: ApiClient,
	mediaId: string,
	options: { phoneNumberId?: string } = {},
): Promise<FileLocation> {
	const reply = await sendForMedia(client, 'GET', mediaId, options.phoneNumberId);
	const location = fileLocation(reply);
	if (!location) throw apiError(reply, `Media ID ${mediaId} could not be looked up`);
	return location;
}

/** DELETE /{media-id} */
export async function deleteMedia(
	client: ApiClient,
	mediaId: string,
	options: { phoneNumberId?: string } = {},
): Promise<void> {
	const reply = await sendForMedia(client, 'DELETE', mediaId, options.phoneNumberId);
	if (object(reply.body).success !== true)
		throw apiError(reply, `Media ID ${mediaId} could not be deleted`);
}

/** POST /{phone-number-id}/media */
export async function upload(client: ApiClient, given: OutgoingFile): Promise<UploadedMedia> {
	const file = { ...given, mimeType: safeMimeType(given.mimeType) };
	const phoneNumberId = file.phoneNumberId || client.credentials.phoneNumberId;
	if (!phoneNumberId)
		throw new MediaError(
			'permanent',
			`"${file.fileName}" was not uploaded: no phone number to upload it for`,
			'Enter Phone Number ID in the credential, or choose a Phone Number under Options.',
		);
	const path = graphPath(client, phoneNumberId, 'media');
	const reply = await client.send({ method: 'POST', path, ...uploadForm(file) });
	const uploaded = uploadedMedia(reply);
	if (uploaded) return uploaded;
	if (reply.status === 413) throw tooLarge(file);
	throw apiError(reply, notAccepted(file), UNKNOWN_ID);
}

/** GET /{waba-id}/phone_numbers */
export async function phoneNumbers(client: ApiClient): Promise<PhoneNumber[]> {
	const { businessAccountId } = (await withIds(client, ['businessAccountId'])).credentials;
	if (!businessAccountId)
		throw new MediaError(
			'permanent',
			'The list of phone numbers needs Phone Number ID or WhatsApp Business Account ID in the credential',
			'Enter one of them, or choose By ID here and enter the phone number ID.',
		);
	const reply = await client.send({
		method: 'GET',
		path: graphPath(client, businessAccountId, 'phone_numbers'),
		query: { fields: 'id,display_phone_number,verified_name', limit: '100' },
	});
	if (reply.status !== 200) {
		const what = `The phone numbers of account ${businessAccountId} could not be listed`;
		throw apiError(reply, what, UNKNOWN_ID);
	}
	return objects(object(reply.body).data).map((entry) => ({
		id: text(entry.id) ?? '',
		number: text(entry.display_phone_number) ?? '',
		name: text(entry.verified_name),
	}));
}

/**
 * `phone_number_id` makes Meta check that the file belongs to that number. For received files Meta has refused even the
 * right number (chatwoot#13317), so that this one error is answered by asking again without it.
 */
async function sendForMedia(
	client: ApiClient,
	method: 'GET' | 'DELETE',
	mediaId: string,
	phoneNumberId?: string,
): Promise<ApiReply> {
	const path = mediaPath(client, mediaId);
	if (!phoneNumberId) return await client.send({ method, path });
	const reply = await client.send({ method, path, query: { phone_number_id: phoneNumberId } });
	const refusesNumber = graphError(reply)?.message.includes('Param phone_number_id is not a valid');
	return refusesNumber ? await client.send({ method, path }) : reply;
}

function tooLarge({ fileName, size, mimeType }: OutgoingFile): MediaError {
	return new MediaError(
		'permanent',
		`"${fileName}" (${sizeInWords(size)}) was not accepted: it is too large`,
		supportedLike(mimeType) ?? 'Store the file elsewhere and send its link instead.',
		{ status: 413 },
	);
}
