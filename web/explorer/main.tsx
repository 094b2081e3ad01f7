import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import './style.css';
import { GraphiQL } from 'graphiql';
import { createRoot } from 'react-dom/client';
import { headersWith, isDemo, token } from './boot';
import { fetcher } from './fetcher';
import { seedStorage, storage } from './storage';

seedStorage();

createRoot(document.getElementById('explorer')!).render(
  <GraphiQL
    fetcher={fetcher}
    storage={storage}
    defaultHeaders={headersWith(token)}
    defaultQuery=""
    defaultEditorToolsVisibility="headers"
    shouldPersistHeaders={isDemo}
  >
    <GraphiQL.Logo>Voucherhouse</GraphiQL.Logo>
  </GraphiQL>,
);
