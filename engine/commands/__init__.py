"""The commands of stockml as one table: names, arguments, options and help, free of any parser."""
