// Answers every request by itself, so that none reaches the origin. The constants `origin`, whose pages may read the
// answer, and `retryAfter`, in seconds, stand above this text.
function handler(event) {
    const headers = {
        'access-control-allow-origin': { value: origin },
        'access-control-expose-headers': { value: 'retry-after' },
        'cache-control': { value: 'no-store' },
    };
    if (event.request.method === 'OPTIONS') {
        // Browsers ask before they call, and tell a page nothing of the answer unless they hear yes.
        headers['access-control-allow-headers'] = { value: 'Authorization,Content-Type,X-Api-Key' };
        headers['access-control-allow-methods'] = { value: 'DELETE,GET,PATCH,POST,PUT' };
        return { statusCode: 204, statusDescription: 'No Content', headers: headers };
    }
    headers['content-type'] = { value: 'application/json' };
    headers['retry-after'] = { value: String(retryAfter) };
    return {
        statusCode: 503,
        statusDescription: 'Service Unavailable',
        headers: headers,
        // The shape in which the API answers errors.
        body: JSON.stringify({ error: { code: 'MAINTENANCE', message: 'under maintenance; try again later' } }),
    };
}
