import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Provider } from 'urql';
import { Router } from 'wouter';
import { App } from './frame/app.js';
import { useFragment, useFragmentSearch } from './location.js';
import { client } from './server.js';
import './frame/style.css';

const root = document.getElementById('root');
if (root === null) throw new Error('The page has no #root.');

createRoot(root).render(
  <StrictMode>
    <Provider value={client}>
      <Router hook={useFragment} searchHook={useFragmentSearch}>
        <App />
      </Router>
    </Provider>
  </StrictMode>,
);
