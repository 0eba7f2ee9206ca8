import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Telephones } from './telephones.js';
import '../frame/style.css';
import './phone.css';

const root = document.getElementById('root');
if (root === null) throw new Error('The page has no #root.');

createRoot(root).render(
  <StrictMode>
    <Telephones />
  </StrictMode>,
);
