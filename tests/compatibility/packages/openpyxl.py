DISTRIBUTION = "openpyxl"
MODULE = "openpyxl"
SETUP = """
import openpyxl, io
book = openpyxl.Workbook(); book.active['A1'] = 5; book.active.title = 'q'
"""
SPECIMENS = (
    ('openpyxl.workbook.workbook.Workbook', 'book', "x['q']['A1'].value, len(x.sheetnames)", "x['q']['B1'] = 7; x.create_sheet('r')"),
    ('openpyxl.worksheet.worksheet.Worksheet', 'book.active', "x.title, x['A1'].value, x.max_row", "x['A3'] = 7"),
    ('openpyxl.cell.cell.Cell', "book.active['A1']", 'x.value, x.coordinate, x.parent.title', 'x.value = 9'),
)  # fmt: skip
