const FALLBACK = 'Something went wrong. Try again, or ask your administrator.';

/** The sentence that an Apex controller meant for people, whatever shape the platform wrapped it in. */
export function sentenceOf(error) {
    const body = error?.body;
    if (Array.isArray(body)) {
        return (
            body
                .map((each) => each.message)
                .filter(Boolean)
                .join(' ') || FALLBACK
        );
    }
    return body?.message ?? FALLBACK;
}
