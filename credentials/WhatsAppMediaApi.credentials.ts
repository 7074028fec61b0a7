import type { ICredentialType, INodeProperties } from 'n8n-workflow';

import { authenticate } from '../nodes/WhatsApp/transport/authenticate';
import { providers } from '../nodes/WhatsApp/providers';
import type { Provider } from '../nodes/WhatsApp/providers/provider';
import { credentialTest } from './credentialTest';

export class WhatsAppMediaApi implements ICredentialType {
	name = 'whatsAppMediaApi';

	displayName = 'WhatsApp Media API';

	icon = {
		light: 'file:../nodes/WhatsApp/icons/whatsAppMedia.svg',
		dark: 'file:../nodes/WhatsApp/icons/whatsAppMedia.dark.svg',
	} as const;

	documentationUrl =
		'https://github.com/n8n-nodes-whatsapp-media/n8n-nodes-whatsapp-media#credential';

	// `authenticate` keeps the token to the provider's hosts, which is narrower than these fields could say.
	hideDomainRestrictionFields = true;

	properties: INodeProperties[] = [
		{
			displayName: 'Provider',
			name: 'provider',
			// A package for one provider has nothing to choose.
			type: Object.keys(providers).length > 1 ? 'options' : 'hidden',
			options: Object.entries(providers).map(([value, { displayName }]) => ({
				name: displayName,
				value,
			})),
			default: Object.keys(providers)[0],
			description: 'Where your WhatsApp number is connected',
		},
		...Object.entries(providers).flatMap(formFields),
	];

	authenticate = authenticate;

	test = credentialTest;
}

/** What one provider asks for. A field that several have is in the form once for each. */
function formFields([provider, { credentialForm }]: [string, Provider]): INodeProperties[] {
	const displayOptions = { show: { provider: [provider] } };
	return credentialForm.fields.map((field): INodeProperties => {
		if ('notice' in field) {
			const { notice, name } = field;
			return { displayName: notice, name, type: 'notice', default: '', displayOptions };
		}
		const { isSecret, default: value = '', ...shown } = field;
		// Ours alone: n8n knows no such thing.
		delete shown.triggerNeeds;
		const typeOptions = isSecret && { typeOptions: { password: true } };
		return { ...shown, type: 'string', ...typeOptions, default: value, displayOptions };
	});
}
