/** One app, one WhatsApp Business account, two phone numbers. All made up; constant, so that a credential made for it stays good. */
export const credentials = {
	accessToken:
		'EAAGm0PX4ZCpsBO4kZBq7Y1mZAh2vN8sTjQeW3rLx9dKfUcGiVbHnMaJoPtSyE5wRzCl6XgDuF0IqZCZBk1pA7vTnYsWmQhLrJeKbXoUdGfPcVtNiHaMyZAwSxEzRlCq8gDjFuIoBpTkYmWvNhQsLeJrKaXbUdGfPcV0ZD',
	phoneNumberId: '106540352242922',
	businessAccountId: '102290129340398',
	appId: '1179263820447391',
	appSecret: '8b1a9f0c6d2e4753b9c8e1f70a3d5264',
	verifyToken: 'n8n-emulator-verify-token',
};

/** As `/oauth/access_token` issues it; `APPID|SECRET` is as good. */
export const appToken = `${credentials.appId}|kQ8vT3nYxWmJ5rLhZcPdB1sGaUe`;

export interface PhoneNumber {
	verified_name: string;
	display_phone_number: string;
	id: string;
	quality_rating: string;
}

export const phoneNumbers: PhoneNumber[] = [
	{
		verified_name: 'Jaspers Market',
		display_phone_number: '+1 555-078-3881',
		id: credentials.phoneNumberId,
		quality_rating: 'GREEN',
	},
	{
		verified_name: 'Jaspers Café',
		display_phone_number: '+49 1525 5550199',
		id: '118924467839205',
		quality_rating: 'UNKNOWN',
	},
];

export interface Token {
	state: 'valid' | 'expired' | 'passwordChanged' | 'loggedOut';
	scopes: string[];
	/** Whether its user may see the account; to one who may not, nothing in it exists. */
	owns: boolean;
	/** An app token, good for the app's own subscriptions only. */
	app?: boolean;
	/** Made for another app, so that our app's secret proves nothing about it. */
	ofOtherApp?: boolean;
}

/** The tokens that exist at the start. */
export function defaultTokens(): Array<[string, Token]> {
	const app = (): Token => ({ state: 'valid', scopes: [], owns: true, app: true });
	return [
		[
			credentials.accessToken,
			{
				state: 'valid',
				scopes: ['whatsapp_business_management', 'whatsapp_business_messaging'],
				owns: true,
			},
		],
		[appToken, app()],
		[`${credentials.appId}|${credentials.appSecret}`, app()],
	];
}
