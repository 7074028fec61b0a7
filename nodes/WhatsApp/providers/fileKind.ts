/** A kind of file that a vendor takes, and its limits. */
export interface FileKind {
	/** As the vendor calls it: image, audio… Several entries may have one name. */
	name: string;
	mimeTypes: readonly string[];
	/** Bytes. */
	maxSize: number;
	/** Bytes, for an animated file, where that is another limit. */
	maxAnimatedSize?: number;
	content?: ContentRules;
	/** All limits above in words, to follow "takes". */
	inWords: string;
	/** How to convert another file to this kind: a sentence or two. */
	convert: string;
}

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
