/** The page of a record. */
export function recordPage(recordId) {
    return { type: 'standard__recordPage', attributes: { recordId, actionName: 'view' } };
}

/** A list view of an object. */
export function listPage(objectApiName, filterName) {
    return { type: 'standard__objectPage', attributes: { objectApiName, actionName: 'list' }, state: { filterName } };
}
