/** The floor: Node's HTTP server between two JSON texts. It checks nothing, and knows no GraphQL. */
import { createServer } from 'node:http';
import { announce, sendMessage } from './sms.mjs';

createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (chunk) => (body += chunk));
  request.on('end', async () => {
    const message = await sendMessage(JSON.parse(body).variables.input);
    response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' });
    response.end(JSON.stringify({ data: { sendMessage: message } }));
  });
}).listen(0, '127.0.0.1', function () {
  announce(this.address().port);
});
