/** A kind of file that a vendor takes, and its limits. */
export interface FileKind {
	/** As the vendor calls it, in the plural: images, audio… Several entries may have one name. */
	name: string;
	mimeTypes: readonly string[];
	/** Bytes. */
	maxSize: number;
	/** Bytes, for an animated file, where that is another limit. */
	maxAnimatedSize?: number;
	content?: ContentRules;
	/** The types and sizes above as a sentence: `Supported images: JPEG or PNG, up to 5 MB.` */
	supported: string;
	/** How to make another file one of this kind, with what n8n itself offers: a sentence. */
	remedy: string;
	/** The same where one thing is wrong for which another way is better. */
	remedies?: Partial<Record<Problem, string>>;
}

/** What can be wrong inside a file. */
export type Problem =
	'size' | 'broken' | 'edge' | 'bits' | 'CMYK' | 'greyscale' | 'video' | 'noVideo' | 'audio';

/** What a file must hold. What is absent may be anything. */
export interface ContentRules {
	/** Width and height, in pixels. */
	edge?: number;
	/** Of each colour channel. */
	maxBits?: number;
	colours?: readonly string[];
	/** Empty: no video track is allowed. Else one is required. */
	videoCodecs?: readonly string[];
	/** Of all audio tracks, if there are any. */
	audioCodecs?: readonly string[];
	maxAudioTracks?: number;
	maxChannels?: number;
	/** The index (moov) should come first. A file with its index at the end is taken too, and starts late on phones. */
	indexFirst?: true;
}
