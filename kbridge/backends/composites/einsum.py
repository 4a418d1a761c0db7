"""Sums of products by Einstein's convention."""

from ._base import Family


class Einsum(Family):
    def einsum(self, equation, *operands):
        """``numpy.einsum`` of one or two tensors.

        Args:
            equation: as 'abc,cd->abd'; '...' stands for axes that both operands have. Without '->' the letters that come once
                are the result's, in alphabetical order.
            operands: one or two tensors.

        Raises:
            ValueError: for a letter twice in one operand, an unknown letter in the result, or axes that don't fit.
        """
        if len(operands) not in (1, 2):
            raise ValueError(f"einsum takes one or two tensors, got {len(operands)}.")
        terms, result = self._einsum_terms(equation.replace(" ", ""), operands)
        tensors = list(operands)
        # axes that stand nowhere else are summed first
        for i, term in enumerate(terms):
            others = {c for j, t in enumerate(terms) if j != i for c in t} | set(result)
            alone = [a for a, c in enumerate(term) if c not in others]
            if alone:
                tensors[i] = self.sum(tensors[i], axis=alone)
                terms[i] = [c for c in term if c in others]
        if len(tensors) == 1:
            order = [terms[0].index(c) for c in result]
            return tensors[0] if order == list(range(len(order))) else self.permute_dimensions(tensors[0], order)
        return self._product(equation, tensors, terms, result)

    def _einsum_terms(self, equation, operands):
        left, arrow, result = equation.partition("->")
        terms = left.split(",")
        if len(terms) != len(operands):
            raise ValueError(f"einsum: {equation!r} has {len(terms)} operands, but got {len(operands)} tensors.")
        split = [[*term.partition("...")[0]] + (["..."] if "..." in term else []) + [*term.partition("...")[2]] for term in terms]
        hidden = 0
        for term, x in zip(split, operands):
            letters = [c for c in term if c != "..."]
            rest = self.ndim(x) - len(letters)
            if len(set(letters)) != len(letters):
                raise ValueError(f"einsum: an operand of {equation!r} has a letter twice.")
            if rest < 0 or rest and "..." not in term:
                raise ValueError(
                    f"einsum: an operand of {equation!r} has {len(letters)} letters, but its tensor has the shape {self.int_shape(x)}."
                )
            hidden = max(hidden, rest if "..." in term else 0)
        if not arrow:
            every = sorted(c for c in left if c.isalpha())
            result = ("..." if "..." in left else "") + "".join(c for c in every if every.count(c) == 1)
        wanted = [*result.partition("...")[0]] + (["..."] if "..." in result else []) + [*result.partition("...")[2]]
        expanded = []
        for term, x in zip(split, operands):
            rest = self.ndim(x) - sum(c != "..." for c in term)
            expanded.append(self._spelled(term, [f"<{i}>" for i in range(hidden - rest, hidden)]))
        result = self._spelled(wanted, [f"<{i}>" for i in range(hidden)])
        unknown = set(result) - {c for term in expanded for c in term}
        if unknown or len(set(result)) != len(result):
            raise ValueError(f"einsum: the result of {equation!r} has a letter twice, or a letter that no operand has.")
        return expanded, result

    @staticmethod
    def _spelled(term, hidden):
        at = term.index("...") if "..." in term else None
        return list(term) if at is None else [*term[:at], *hidden, *term[at + 1 :]]

    def _product(self, equation, operands, terms, result):
        """One batched matrix product: axes of both that stay, then those of each alone, the shared ones summed."""
        x, y = operands
        both = [c for c in terms[0] if c in terms[1]]
        batch = [c for c in both if c in result]
        summed = [c for c in both if c not in result]
        for c in both:
            n, m = self.int_shape(x)[terms[0].index(c)], self.int_shape(y)[terms[1].index(c)]
            if None not in (n, m) and n != m:
                raise ValueError(
                    f"einsum: axis {c!r} of {equation!r} has length {n} in shape {self.int_shape(x)}, but {m} in shape {self.int_shape(y)}."
                )
        mine, theirs = [c for c in terms[0] if c not in both], [c for c in terms[1] if c not in both]
        sizes = {c: self._length(x, a) for a, c in enumerate(terms[0])}
        sizes.update({c: self._length(y, a) for a, c in enumerate(terms[1]) if c not in sizes or not isinstance(sizes[c], int)})
        left = self._arranged(x, terms[0], batch, mine, summed, sizes)
        right = self._arranged(y, terms[1], batch, summed, theirs, sizes)
        made = self.batch_matmul(left, right) if batch else self.dot(left, right)
        order = [*batch, *mine, *theirs]
        flat = [len(group) for group in (batch, mine, theirs)]
        if flat != [1 if batch else 0, 1, 1]:
            made = self.reshape(made, [sizes[c] for c in order])
        place = [order.index(c) for c in result]
        return made if place == list(range(len(place))) else self.permute_dimensions(made, place)

    def _length(self, x, axis):
        n = self.int_shape(x)[axis]
        return self.shape(x)[axis] if n is None else n

    def _arranged(self, x, term, batch, rows, columns, sizes):
        """(batch, rows, columns), each group of axes as one; without batch axes a matrix."""
        order = [term.index(c) for c in (*batch, *rows, *columns)]
        if order != list(range(len(order))):
            x = self.permute_dimensions(x, order)
        groups = [batch, rows, columns] if batch else [rows, columns]
        if all(len(group) == 1 for group in groups):
            return x
        shape = []
        for group in groups:
            n = 1
            for c in group:
                n = n * sizes[c]
            shape.append(n)
        return self.reshape(x, shape)
