// Turns the path of a page into the key of its file: S3 has keys, and knows neither directories nor endings.
// A static export of Next.js writes "/about" as about.html, and with trailingSlash as about/index.html. The constant
// `trailingSlash` stands above this text.
function handler(event) {
    const request = event.request;
    // In a Location header, "//host" and "/\host" would lead to another host.
    const path = request.uri.replace(/^[/\\]+/, '/');
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (path === '/') {
        request.uri = '/index.html';
    } else if (name.includes('.')) {
        request.uri = path;
    } else if (trailingSlash) {
        if (name !== '') {
            return moved(request, path + '/');
        }
        request.uri = path + 'index.html';
    } else {
        if (name === '') {
            return moved(request, path.replace(/\/+$/, ''));
        }
        request.uri = path + '.html';
    }
    return request;
}

// One address for each page, as Next.js does it.
function moved(request, path) {
    const query = request.rawQueryString();
    return {
        statusCode: 308,
        statusDescription: 'Permanent Redirect',
        headers: { location: { value: query ? path + '?' + query : path } },
    };
}
