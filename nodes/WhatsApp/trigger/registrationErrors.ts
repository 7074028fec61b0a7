import { MediaError } from '../errors';
import { shownUrl } from '../providers/shownUrl';
import { isOfThisServer, type NodeRegistration } from './nodeRegistration';

/** Why this node's webhook cannot have the place, and what to do. */

export function callbackInUseError(url: string, registration: NodeRegistration): MediaError {
	if (isOfThisServer(url, registration))
		return new MediaError(
			'permanent',
			`Another workflow of this n8n already receives these files; its webhook is ${shownUrl(url)}`,
			'Look on the Overview for a published workflow with WhatsApp Media Trigger and unpublish it, or use another phone number. To start two workflows with one message, call the second one from the first with Execute Sub-workflow.',
		);
	return new MediaError(
		'permanent',
		`Deliveries already go to another webhook: ${shownUrl(url)}`,
		'It was left unchanged. Unpublish the workflow or stop the service behind it, or use another phone number. If Receive Files For is set to an account or app, This Phone Number may still be free.',
	);
}

export function cannotForwardError(url: string, registration: NodeRegistration): MediaError {
	const whose = isOfThisServer(url, registration)
		? 'another workflow of this n8n'
		: 'another webhook';
	return new MediaError(
		'permanent',
		`Deliveries go to ${whose}, and a test would take them away from it: ${shownUrl(url)}`,
		'It was left unchanged. Test with another phone number, or pin the data of an earlier execution.',
	);
}

export function otherTestError(workflow: string): MediaError {
	return new MediaError(
		'permanent',
		`A test of the workflow "${workflow}" is receiving the messages for this number`,
		'That test continues. Stop it there, or wait two minutes until n8n ends it. Then test again.',
	);
}
