/** What a telephone sends with a picture: the picture, and a part that says how to lay it out (SMIL). */

export const SAMPLE_PICTURE = {
  name: 'hills.png',
  contentType: 'image/png',
  body: Buffer.from(
    [
      'iVBORw0KGgoAAAANSUhEUgAAAPAAAACgBAMAAADA9fxWAAAAD1BMVEWHzuv/1mYui1ciZDz////pBjHAAAACSUlEQVR42u3YW5LC',
      'IBAFUBJZwLgDq7OBKXsD+WD/a5qXltEA6Rdh1L7fyqkLeUEIHo/H4/F4PJ4nzXD8i3ac9JuZ7SrlmK4h/uG4yIe6L73zsISPFi5N',
      'vnflclzCiTnRmsm+cwmVHwsLKqdc2IXZlWMSwevC3MqpnJlVmFk5VcMqzKoc6/DcDE5JJmddxlzHLThxCjMqb8NzGzglWeVucMEl',
      'L3IkwPN/gkszTZ5rCpwcdlh0I78fHDvdx/3gzLdlJDyrDeD11/ROcGb/QHhHWMDrHVOUv46Fn3v0TZQJnNkVS7/1dJtV0ka5Ebx9',
      'NDBYzLTm7ON94NBoiaWVwwvDodNMW5wI2FX+2AceOhW2O+dSV97/zHhv1+70VtP5WU/oPR6Px/NqGWGRPup+dobdhYZSTj3qNqdh',
      'Iz3qNpSBklMn114egZxerqnMcg1lpmu20MDPqZNrIgP0kQH6yAAKWYGDJkFeG7SwUAY9LJFHsID5stq9wFxZ70KQPLsN3BsMu11W',
      'j3BRxlvs3CWcXegD3udzBHs4I+M65wbw43QfMBsLdwqV1waWone/L5fiN9EBy1FO94Q5+ELXXGXpCQvwD41bUboFGBCbyddHgtSV',
      'yliDEZvJWIORmrPczcGIzWSswYjNZKzBiM1krMATYjMZKzDfpctYgSUuUV4NHdQuSV4PHfQu4VGSGTpIL2eOnKsUTNy6nP1DUE/z',
      '5kJjBda7xdKloYMVWyhd/HFQr26Nrvw0oG3O1NvTGibHYYcddthhhx122GGHXwj+AurEKwR2hOtoAAAAAElFTkSuQmCC',
    ].join(''),
    'base64',
  ),
};

export const SAMPLE_LAYOUT = {
  name: '0.smil',
  contentType: 'application/smil',
  body: Buffer.from('<smil><body><par dur="5s"><img src="hills.png"/></par></body></smil>'),
};
