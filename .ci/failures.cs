// Says in short what failed, from the results files of a test run: a failed test of real processes prints the logs of all of them, and
// whoever reads only the end of a long output must still find the reason.
//   dotnet run .ci/failures.cs -- DIRECTORY
using System.Xml.Linq;

const int StackLines = 6;
const int LogLines = 15; // the last ones of each node
const int LineLength = 300;

XNamespace ns = "http://microsoft.com/schemas/VisualStudio/TeamTest/2010";
foreach (var file in Directory.EnumerateFiles(args[0], "*.trx", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
    foreach (var result in XDocument.Load(file).Descendants(ns + "UnitTestResult"))
        if ((string?)result.Attribute("outcome") == "Failed")
        {
            Print([$"FAILED {(string?)result.Attribute("testName")}"]);
            Print(EndsOfLogs(Lines(result, "StdOut")));
            Print(Lines(result, "Message"));
            Print(Lines(result, "StackTrace").Take(StackLines));
        }

string[] Lines(XElement result, string element) =>
    result.Descendants(ns + element).FirstOrDefault()?.Value.Split('\n', StringSplitOptions.RemoveEmptyEntries) ?? [];

// A line that begins with dashes begins the log of a node.
static IEnumerable<string> EndsOfLogs(string[] lines)
{
    var log = new List<string>();
    foreach (var line in lines)
    {
        if (line.StartsWith("---", StringComparison.Ordinal))
        {
            foreach (var last in log.TakeLast(LogLines))
                yield return last;
            log.Clear();
            yield return line;
        }
        else
        {
            log.Add(line);
        }
    }

    foreach (var last in log.TakeLast(LogLines))
        yield return last;
}

static void Print(IEnumerable<string> lines)
{
    foreach (var line in lines)
        Console.WriteLine(line.Length > LineLength ? line[..LineLength] : line);
}
